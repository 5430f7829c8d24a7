"""What the images of a column become: size, channels, bits of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from polytask.data.cells import ImageForm
from polytask.data.readers._image_files import Look
from polytask.exceptions import DataError

__all__ = ["Fitted", "ImageTarget", "check_memory", "image_target"]

_LONGEST = 256
"""Height and width that are inferred at most."""
_MOST_BYTES = 1 << 34


class Fitted(NamedTuple):
    """What a model that was fitted on a column of images knows of it.

    Attributes
    ----------
    bits : {8, 16, None}
        Of a pixel; None for floats.
    """

    bits: int | None


class ImageTarget(NamedTuple):
    """What the images of a column become.

    Attributes
    ----------
    size : (int, int)
        Height and width.
    channels : {1, 3}
    dtype : numpy.dtype
    bits : {8, 16, None}
        Of a pixel; None for floats.
    labels : bool
        Whether pixels are labels.
    """

    size: tuple[int, int]
    channels: int
    dtype: np.dtype[Any]
    bits: int | None
    labels: bool


def image_target(
    column: str, looks: Sequence[Look], form: ImageForm, fitted: Fitted | None, *, labels: bool
) -> ImageTarget:
    """What images become, as it was declared, is known of a model, or follows from their headers."""
    size, channels = _settled(looks, form)
    if labels and form.size is None:
        size = _only_size(column, looks) or size
    deepest = 16 if any(look.bits == 16 for look in looks) else 8
    bits = deepest if fitted is None else fitted.bits or 8
    if any(look.bits is None for look in looks):
        return ImageTarget(size, 1 if labels else channels, np.dtype(np.float32), None, labels)
    if labels:
        return ImageTarget(size, 1, np.dtype(np.int32), bits, labels)
    return ImageTarget(size, channels, np.dtype(f"uint{bits}"), bits, labels)


def check_memory(column: str, n_rows: int, target: ImageTarget) -> None:
    """Raise if the images of all rows, which may have one file in common, are too large."""
    height, width = target.size
    needed = n_rows * target.channels * target.dtype.itemsize * height * width
    if needed > _MOST_BYTES:
        sentence = (
            f"Column {column!r} holds {n_rows:,} images, which take {needed / 2**30:,.0f} GiB of memory "
            f"in the size of {height} x {width}. Choose a smaller one, such as "
            f"--column {column}:image=64x64."
        )
        raise DataError(sentence)


def _settled(looks: Sequence[Look], form: ImageForm) -> tuple[tuple[int, int], int]:
    """Height and width, and channels: as declared, or those of the middle image."""
    size, channels = form.size, form.channels
    if size is None:
        heights = [look.height for look in looks] or [1]
        widths = [look.width for look in looks] or [1]
        height, width = float(np.median(heights)), float(np.median(widths))
        factor = min(1.0, _LONGEST / max(height, width))
        size = max(round(height * factor), 1), max(round(width * factor), 1)
    if channels is None:
        channels = 1 if all(look.gray for look in looks) else 3
    return size, channels


def _only_size(column: str, looks: Sequence[Look]) -> tuple[int, int] | None:
    """The one size of images of labels, which are not resized unless that is declared."""
    sizes = sorted({(look.height, look.width) for look in looks})
    if len(sizes) > 1:
        first, last = (f"{height} x {width}" for height, width in (sizes[0], sizes[-1]))
        sentence = (
            f"Column {column!r} holds labels of pixels in {len(sizes):,} sizes, such as {first} and {last}. "
            f"Declare one, in which images and labels are read: --column NAME,{column}:image=64x64."
        )
        raise DataError(sentence)
    return sizes[0] if sizes else None
