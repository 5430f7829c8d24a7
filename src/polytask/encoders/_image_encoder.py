"""Abstract base class of encoders of images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import nn

from polytask._validation import Constraint
from polytask.data import PART_ROLES, Part
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._image_entry import ImageEntry, image_parts
from polytask.exceptions import ParameterError

__all__ = ["ImageEncoder"]


class ImageEncoder(Encoder):
    """Stages over the maps of images; a subclass has these fields and `layers`.

    Parameters
    ----------
    embedding_dim : int
    numbers : NumericEmbedding or str
    """

    takes: ClassVar[frozenset[str]] = frozenset(PART_ROLES)
    rows_at_once: ClassVar[int] = 256
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = TABLE_CONSTRAINTS

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The images of a row as a map, the rest of it beside each place.

        Raises
        ------
        ParameterError
            If rows have no image, or images of several sizes.
        """
        images = image_parts(parts)
        if not images:
            got = ", ".join(part.name for part in parts)
            sentence = (
                f"The `encoder` parameter can be {type(self).__name__} where rows have an image. Got "
                f"{got}; give a column of images, (channels, height, width), or choose MLP."
            )
            raise ParameterError(sentence)
        if len({part.shape[-2:] for part in images}) > 1:
            got = ", ".join(f"{part.name} of {part.shape}" for part in images)
            sentence = (
                f"The `encoder` parameter can be {type(self).__name__} where the images of a row have "
                f"one height and width. Got {got}; give each an encoder of its own, "
                f'ByRole({{"image": {type(self).__name__}()}}).'
            )
            raise ParameterError(sentence)
        return ImageEntry(parts, self.embedding_dim, self.numbers)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The layers."""
        if len(shape) != 3:
            sentence = (
                f"The `encoder` parameter must let {type(self).__name__} start from maps (channels, "
                f"height, width). Got rows of shape {shape}; choose MLP to go on from joined features."
            )
            raise ParameterError(sentence)
        return self.layers(shape)

    @abstractmethod
    def layers(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """Stages from maps (channels, height, width) on."""
