from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Choice, Constraint, Satisfies
from polytask.data.cells import MOST_PIXELS, check_finite
from polytask.data.columns._column import Column
from polytask.data.columns._standardize import FURTHEST
from polytask.data.readers import resized_images
from polytask.exceptions import DataError

__all__ = ["ImageColumn"]

_MOST_CHANNELS = 1024
_MOST_CELLS = 1 << 27
"""Pixels times channels of an image."""
_ROWS = 256
"""Images that become floats at once."""


def _is_shape(shape: tuple[int, ...]) -> bool:
    return (
        len(shape) == 3
        and 1 <= shape[0] <= _MOST_CHANNELS
        and all(1 <= size <= MOST_PIXELS for size in shape[1:])
        and math.prod(shape) <= _MOST_CELLS
    )


@dataclass(frozen=True)
class ImageColumn(Column):
    """Encoder of images of one size, which is that of training.

    Pixels of 8 and of 16 bits become numbers from 0 to 1; other numbers stay as they are. Each
    channel then has mean 0 and standard deviation 1 over the pixels of the training rows. A missing image is 0 everywhere,
    as if all of its pixels were the mean. Images of another size are resized.

    Parameters
    ----------
    name : str
    dimensions : tuple of int
        Channels, height and width.
    channels : tuple of (float, float)
        Mean and standard deviation of every channel; deviation 1 for a constant.
    bits : {8, 16, None}
        Of a pixel that is a whole number from 0 on; None for other numbers.

    Examples
    --------
    >>> import numpy as np, polars as pl
    >>> from polytask.data.columns import ImageColumn
    >>> photos = pl.Series("photo", np.array([[[[0, 255]]], [[[255, 0]]]], dtype=np.uint8))
    >>> column = ImageColumn.fit(photos)
    >>> column.shape, column.channels
    ((1, 1, 2), ((0.5, 0.5),))
    >>> column.encode(photos.to_frame())[1].tolist()
    [[[[-1.0, 1.0]]], [[[1.0, -1.0]]]]
    """

    dimensions: tuple[int, ...]
    channels: tuple[tuple[float, float], ...]
    bits: int | None = 8

    encoder: ClassVar[str] = "image"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "dimensions": Satisfies(_is_shape, "channels, height and width"),
        "channels": Satisfies(
            lambda channels: (
                0 < len(channels) <= _MOST_CHANNELS
                and all(abs(center) < np.inf and 0 < scale < np.inf for center, scale in channels)
            ),
            "a mean and a deviation above 0 for each channel",
        ),
        "bits": Choice((8, 16, None)),
    }

    def __post_init__(self) -> None:
        if self.dimensions and len(self.channels) != self.dimensions[0]:
            raise ValueError("an image has a mean and a deviation for each of its channels.")

    @classmethod
    def fit(cls, series: pl.Series) -> ImageColumn:
        """Learn from a column with at least one observed row."""
        cells = _observed(series)
        shape = tuple(int(size) for size in cells.shape[1:])
        if not _is_shape(shape):
            sentence = (
                f"Column {series.name!r} holds images of the shape {shape}. Give at most {_MOST_CHANNELS:,} "
                f"channels, and at most {MOST_PIXELS:,} pixels of height and width."
            )
            raise DataError(sentence)
        bits = _bits(cells)
        return cls(series.name, shape, _moments(cells, _largest(bits)), bits)

    @property
    def role(self) -> str:
        """``"image"``."""
        return "image"

    @property
    def part(self) -> str:
        """``"image:NAME"``."""
        return f"image:{self.name}"

    @property
    def family(self) -> str:
        """Tensors, which images are once they are read."""
        return "tensors"

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return self.dimensions

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Standardised pixels (n, channels, height, width), float32."""
        series = self.series(inputs)
        array = np.zeros((len(series), *self.shape), dtype=np.float32)
        rows = np.flatnonzero(series.is_not_null().to_numpy())
        if not len(rows):
            return self.part, array
        cells = self._in_shape(_observed(series))
        center, scale = np.array(self.channels, dtype=np.float64).T[:, :, None, None]
        center, scale = center * _largest(self.bits), scale * _largest(self.bits)
        for first in range(0, len(rows), _ROWS):
            chunk = slice(first, first + _ROWS)
            exact = np.float64 if self.bits is None else np.float32
            scaled = (cells[chunk] - center.astype(exact)) / scale.astype(exact)
            np.nan_to_num(scaled, nan=0.0, copy=False)
            array[rows[chunk]] = np.clip(scaled, -FURTHEST, FURTHEST, out=scaled)
        return self.part, array

    def _in_shape(self, cells: np.ndarray) -> np.ndarray:
        if self.bits != 8 and cells.dtype == np.uint8:
            raise DataError(self._other("bytes, whose scale is another one"))
        if self.bits == 16 and cells.dtype != np.uint16:
            raise DataError(self._other("numbers of another kind than 16 bits"))
        if self.bits == 8 and cells.dtype != np.uint8:
            whole = cells.astype(np.uint8)
            if not np.array_equal(whole, cells):
                raise DataError(self._other("numbers other than whole ones from 0 to 255"))
            cells = whole
        if cells.shape[1:] == self.shape:
            return cells
        if self.bits != 8 or cells.ndim != 4:
            raise DataError(self._other(f"images of the shape {cells.shape[1:]}"))
        return resized_images(self.name, cells, self.shape)

    def _other(self, held: str) -> str:
        return (
            f"Column {self.name!r} held images of the shape {self.shape} when the model was fitted, and "
            f"holds {held} now. Give it the former, or fit a new model."
        )


def _bits(cells: np.ndarray) -> int | None:
    """Bits of a pixel that is a whole number from 0 to 255, or of 16 bits; None for others."""
    if cells.dtype == np.uint16:
        return 16
    return 8 if cells.dtype.kind in "iu" and cells.min() >= 0 and cells.max() <= 255 else None


def _largest(bits: int | None) -> float:
    """The largest pixel, which becomes 1."""
    return 1.0 if bits is None else 2.0**bits - 1


def _observed(series: pl.Series) -> np.ndarray:
    """Images that are there (m, channels, height, width); raise if a pixel is infinite."""
    cells = np.asarray(series.drop_nulls().to_numpy())
    if cells.dtype.kind == "f":
        check_finite(series.name, cells, np.flatnonzero(series.is_not_null().to_numpy()))
    return cells


def _moments(cells: np.ndarray, most: float) -> tuple[tuple[float, float], ...]:
    """Mean and deviation of every channel over all pixels, of numbers up to `most`."""
    shift = np.zeros((1, cells.shape[1], 1))
    sums, squares, counts = (np.zeros(cells.shape[1]) for _ in range(3))
    for first in range(0, len(cells), _ROWS):
        some = cells[first : first + _ROWS]
        chunk = some.reshape(len(some), some.shape[1], -1).astype(np.float64) / most
        present = ~np.isnan(chunk)
        if not first:
            shift = _mean(chunk, present)
        chunk = np.where(present, chunk - shift, 0.0)
        sums += chunk.sum(axis=(0, 2))
        squares += np.einsum("ncp,ncp->c", chunk, chunk)
        counts += present.sum(axis=(0, 2))
    means = sums / np.maximum(counts, 1)
    deviations = np.sqrt(np.maximum(squares / np.maximum(counts, 1) - means**2, 0.0))
    constant = deviations <= 1e-12 * (1 + np.abs(shift[0, :, 0]))
    deviations[constant] = 1.0
    return tuple(zip((means + shift[0, :, 0]).tolist(), deviations.tolist(), strict=True))


def _mean(chunk: np.ndarray, present: np.ndarray) -> np.ndarray:
    total = np.where(present, chunk, 0.0).sum(axis=(0, 2), keepdims=True)
    return np.asarray(total / np.maximum(present.sum(axis=(0, 2), keepdims=True), 1))
