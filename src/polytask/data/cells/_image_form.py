"""How the images of a column are to be read: their size, their colors, and unreadable ones."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MOST_PIXELS", "ImageForm"]

MOST_PIXELS = 4096
"""Height and width of any image, so that no saved schema requires more memory."""
_SIZE = re.compile(r"([0-9]{1,9})(?:x([0-9]{1,9}))?")
_COLORS = {"gray": 1, "grey": 1, "color": 3, "colour": 3}
_UNREADABLE = ("stop", "missing")
_WORDS = "a size (HEIGHTxWIDTH), gray or color, and missing, as in image=32x48,gray,missing"


@dataclass(frozen=True)
class ImageForm:
    """How the images of a column are to be read.

    Parameters
    ----------
    size : (int, int), optional
        Height and width; by default inferred.
    channels : {1, 3}, optional
        1 for gray, 3 for color; by default inferred.
    missing : bool
        Whether images that cannot be read count as missing; otherwise the first one is an error.

    Examples
    --------
    >>> from polytask.data.cells import ImageForm
    >>> ImageForm.of("32x48,gray")
    ImageForm(size=(32, 48), channels=1, missing=False)
    >>> str(ImageForm.of("64, missing"))
    '64x64,missing'
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    missing: bool = False

    @classmethod
    def of(cls, text: str) -> ImageForm:
        """Read what `str` writes.

        Raises
        ------
        ValueError
            With a sentence on what it must be.
        """
        words = [word.strip().casefold() for word in text.split(",")] if text else []
        sizes = [match for word in words if (match := _SIZE.fullmatch(word))]
        colors = [_COLORS[word] for word in words if word in _COLORS]
        unreadable = [word for word in words if word in _UNREADABLE]
        if len(sizes) + len(colors) + len(unreadable) < len(words):
            raise ValueError(f"An image may have {_WORDS}.")
        if max(len(sizes), len(colors), len(unreadable)) > 1:
            raise ValueError(f"An image has one of each: {_WORDS}.")
        size = None
        if sizes:
            height, width = int(sizes[0][1]), int(sizes[0][2] or sizes[0][1])
            size = (height, width)
            if not (1 <= height <= MOST_PIXELS and 1 <= width <= MOST_PIXELS):
                sentence = (
                    "The height and width of an image must be whole numbers from 1 to "
                    f"{MOST_PIXELS:,}, as in image=32x48."
                )
                raise ValueError(sentence)
        return cls(size, colors[0] if colors else None, unreadable == ["missing"])

    def __str__(self) -> str:
        """The form in words, as after ``image=``."""
        size = [] if self.size is None else ["x".join(map(str, self.size))]
        color = {None: [], 1: ["gray"], 3: ["color"]}[self.channels]
        return ",".join([*size, *color, *["missing"] * self.missing])
