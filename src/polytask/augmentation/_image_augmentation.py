"""Abstract base class of augmentations of each image."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from jaxtyping import Shaped
from torch import Tensor

from polytask.augmentation._augmentation import Augmentation

__all__ = ["ImageAugmentation"]


class ImageAugmentation(Augmentation):
    """A random change of each row's images.

    All images of a row are changed alike, and so are the labels of their pixels, if the change moves
    pixels.

    Attributes
    ----------
    moves : bool
        Whether pixels change their places, so that labels of pixels must be moved with them.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import torch
    >>> from polytask.augmentation import ImageAugmentation
    >>> @dataclass(frozen=True)
    ... class Contrast(ImageAugmentation):
    ...     spread: float = 0.2
    ...
    ...     def draw(self, n_rows, generator):
    ...         return 1 + self.spread * (2 * torch.rand(n_rows, generator=generator) - 1)
    ...
    ...     def apply(self, images, drawn, fill=0.0):
    ...         return images * drawn[:, None, None, None]
    >>> Contrast().draw(2, torch.Generator()).shape
    torch.Size([2])
    """

    moves: ClassVar[bool] = False

    @property
    def mixes(self) -> bool:
        """False."""
        return False

    @abstractmethod
    def draw(self, n_rows: int, generator: torch.Generator) -> Shaped[Tensor, "n ..."]:
        """Draw what happens to each row, on the CPU.

        Parameters
        ----------
        n_rows : int
        generator : torch.Generator
            Of the CPU.
        """

    @abstractmethod
    def apply(
        self,
        images: Shaped[Tensor, "n c h w"],
        drawn: Shaped[Tensor, "n ..."],
        fill: float = 0.0,
    ) -> Shaped[Tensor, "n c h w"]:
        """New images in the same shape; those given stay as they are.

        Parameters
        ----------
        images : tensor of shape (n, channels, height, width)
            Standardised pixels; or labels of pixels, or which of these there are, of one that `moves`.
        drawn : tensor
            What `draw` gave for the rows, on the device of the images.
        fill : float, default 0.0
            Pixels that come from outside of an image; 0 is the mean of all pixels.
        """
