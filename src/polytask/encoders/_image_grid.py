"""A coarse grid of an image, for networks that read rows of a table."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from polytask.data import Part

__all__ = ["ImageGrid"]

_SIDE = 16
"""Rows and columns of the grid at most."""


class ImageGrid(nn.Module):
    """Mean of every channel in the cells of a grid of at most 16 x 16, and its deviation.

    Parameters
    ----------
    part : Part
        An image.

    Attributes
    ----------
    width : int
        Numbers per image.

    Examples
    --------
    >>> import torch
    >>> from polytask.data import Part
    >>> from polytask.encoders._image_grid import ImageGrid
    >>> ImageGrid(Part("image:photo", "image", (3, 64, 48)))(torch.zeros(2, 3, 64, 48)).shape
    torch.Size([2, 771])
    """

    def __init__(self, part: Part) -> None:
        super().__init__()
        channels, height, width = part.shape
        self.cells = (min(height, _SIDE), min(width, _SIDE))
        self.width = channels * (self.cells[0] * self.cells[1] + 1)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """Numbers (n, width) of images (n, channels, height, width)."""
        grid = adaptive_avg_pool2d(images, self.cells).flatten(1)
        deviations = (
            (images - images.mean(dim=(2, 3), keepdim=True))
            .square()
            .mean(dim=(2, 3))
            .add(1e-12)
            .sqrt()
        )
        return torch.cat([grid, deviations], dim=1)
