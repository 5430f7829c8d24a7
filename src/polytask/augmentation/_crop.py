from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Shaped
from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.augmentation._image_augmentation import ImageAugmentation

__all__ = ["Crop"]


@dataclass(frozen=True)
class Crop(ImageAugmentation):
    """Images are padded, and a random part of the former size is cut out: a shift in any direction.

    Parameters
    ----------
    padding : int, default 4
        Pixels by which images are shifted at most, in height and in width.

    Notes
    -----
    Pixels from outside of an image are the mean of all pixels, and not labelled.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.

    Examples
    --------
    >>> import torch
    >>> from polytask.augmentation import Crop
    >>> images, shift = torch.arange(1.0, 4.0).view(1, 1, 1, 3), torch.tensor([[0, 1]])
    >>> Crop(2).apply(images, shift).flatten().tolist()
    [2.0, 3.0, 0.0]
    """

    padding: int = 4

    moves: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"padding": Interval(int, 1, 4096)}

    def draw(self, n_rows: int, generator: torch.Generator) -> Shaped[Tensor, "n ..."]:
        """How far each row is shifted (n, 2), in height and in width."""
        return torch.randint(-self.padding, self.padding + 1, (n_rows, 2), generator=generator)

    def apply(
        self,
        images: Shaped[Tensor, "n c h w"],
        drawn: Shaped[Tensor, "n ..."],
        fill: float = 0.0,
    ) -> Shaped[Tensor, "n c h w"]:
        """Shifted images."""
        n_rows, _, height, width = images.shape
        rows = torch.arange(height, device=images.device) + drawn[:, :1]
        columns = torch.arange(width, device=images.device) + drawn[:, 1:]
        inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[
            :, None
        ]
        each = torch.arange(n_rows, device=images.device)[:, None, None]
        shifted = images[
            each, :, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]
        ]
        return shifted.permute(0, 3, 1, 2).masked_fill(~inside[:, None], fill)
