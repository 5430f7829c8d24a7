"""A column as images of one size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from jaxtyping import Bool

from polytask.data.readers._object_arrays import kept_where

__all__ = ["Images", "image_series"]


@dataclass(frozen=True)
class Images:
    """A column as images of one size, and how it became so.

    Parameters
    ----------
    cells : polars.Series
        Bytes or floats of shape (channels, height, width); null where there is no image.
    origin : {"files", "bytes", "arrays"}
    n_sizes : int
        How many sizes the images had.
    smallest, largest : (int, int)
        Height and width of the images of fewest and most pixels, before they were resized.
    unreadable : tuple of (int, str)
        Rows whose image cannot be read, with the reason.
    bits : {8, 16, None}
        Of a pixel; None for floats. Arrays have 8, whatever they hold.
    """

    cells: pl.Series
    origin: str
    n_sizes: int = 1
    smallest: tuple[int, int] = (0, 0)
    largest: tuple[int, int] = (0, 0)
    unreadable: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    bits: int | None = 8


def image_series(name: str, cells: np.ndarray, there: Bool[np.ndarray, " n"]) -> pl.Series:
    """Arrays as a column, null where no image is there."""
    return kept_where(pl.Series(name, np.ascontiguousarray(cells)), there)
