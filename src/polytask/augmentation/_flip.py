from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Shaped
from torch import Tensor

from polytask._validation import Choice, Constraint, Interval
from polytask.augmentation._image_augmentation import ImageAugmentation
from polytask.exceptions import ParameterError

__all__ = ["Flip"]


@dataclass(frozen=True)
class Flip(ImageAugmentation):
    """Images are mirrored at random, left to right by default.

    Parameters
    ----------
    probability : float in [0, 1], default 0.5
        Of each image to be mirrored, for each of its two axes that may be.
    horizontal : bool, default True
        Whether left and right may be exchanged.
    vertical : bool, default False
        Whether top and bottom may be exchanged.

    Raises
    ------
    ParameterError
        If neither axis may be mirrored.

    Notes
    -----
    Labels of pixels are mirrored, but not turned: leave it out where they are directions, such as
    surface normals, or where left and right mean something, as in letters.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks", NeurIPS 2012.

    Examples
    --------
    >>> import torch
    >>> from polytask.augmentation import Flip
    >>> flip, images = Flip(probability=1.0), torch.arange(3.0).view(1, 1, 1, 3)
    >>> flip.apply(images, flip.draw(1, torch.Generator())).flatten().tolist()
    [2.0, 1.0, 0.0]
    """

    probability: float = 0.5
    horizontal: bool = True
    vertical: bool = False

    moves: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "probability": Interval(float, 0.0, 1.0),
        "horizontal": Choice((True, False)),
        "vertical": Choice((True, False)),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.horizontal or self.vertical):
            sentence = (
                "The `horizontal` parameter of Flip must be True where `vertical` is False. Got False "
                "for both; leave Flip out."
            )
            raise ParameterError(sentence)

    def draw(self, n_rows: int, generator: torch.Generator) -> Shaped[Tensor, "n ..."]:
        """Which rows are mirrored (n, 2): top to bottom, and left to right."""
        drawn = torch.rand(n_rows, 2, generator=generator) < self.probability
        return drawn & torch.tensor([self.vertical, self.horizontal])

    def apply(
        self,
        images: Shaped[Tensor, "n c h w"],
        drawn: Shaped[Tensor, "n ..."],
        fill: float = 0.0,
    ) -> Shaped[Tensor, "n c h w"]:
        """Mirrored images."""
        del fill
        for axis, allowed in ((2, self.vertical), (3, self.horizontal)):
            if allowed:
                images = torch.where(
                    drawn[:, axis - 2, None, None, None], images.flip(axis), images
                )
        return images
