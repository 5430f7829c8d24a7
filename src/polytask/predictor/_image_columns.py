"""Images as columns of a design matrix."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

__all__ = ["grid_width", "image_grid"]

_SIDE = 8
"""Rows and columns of the grid at most."""


def grid_width(shape: tuple[int, ...]) -> int:
    """Columns of an image of that shape (channels, height, width)."""
    channels, height, width = shape
    return channels * (min(height, _SIDE) * min(width, _SIDE) + 1)


def image_grid(images: Float[np.ndarray, "n c h w"]) -> Float64[np.ndarray, "n k"]:
    """Mean of every channel in the cells of a grid of at most 8 x 8, and its deviation.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.predictor._image_columns import image_grid
    >>> image_grid(np.array([[[[1.0, 3.0]]]]))
    array([[1., 3., 1.]])
    """
    _, _, height, width = images.shape
    grid = _means(height) @ images.astype(np.float64) @ _means(width).T
    return np.hstack([grid.reshape(len(images), -1), images.std(axis=(2, 3), dtype=np.float64)])


def _means(size: int) -> Float64[np.ndarray, "k size"]:
    """A matrix that averages so many pixels in cells of about one length."""
    n_cells = min(size, _SIDE)
    weights = np.zeros((n_cells, size))
    for cell in range(n_cells):
        first, last = cell * size // n_cells, -(-(cell + 1) * size // n_cells)
        weights[cell, first:last] = 1.0 / (last - first)
    return weights
