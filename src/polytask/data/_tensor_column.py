from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask.data._column import Column
from polytask.exceptions import DataError

__all__ = ["TensorColumn"]


@dataclass(frozen=True)
class TensorColumn(Column):
    """Tensors of one fixed shape, such as images, with one mean and deviation for all cells.

    Missing cells become 0, which is the mean.

    Parameters
    ----------
    name : str
    dimensions : tuple of int
        Shape of the tensor a row.
    center, scale : float
        Mean and standard deviation of all observed training cells; scale 1 for a constant.
    """

    dimensions: tuple[int, ...]
    center: float
    scale: float

    encoder: ClassVar[str] = "tensor"

    @classmethod
    def fit(cls, series: pl.Series) -> TensorColumn:
        """Learn from a column with at least one observed row."""
        values = _cells(series)
        observed = values[~np.isnan(values)].astype(np.float64)
        largest = float(np.abs(observed).max(initial=0.0)) or 1.0
        observed /= largest
        center = float(observed.mean()) if observed.size else 0.0
        scale = float(observed.std()) if observed.size else 0.0
        return cls(series.name, _shape(series), center * largest, scale * largest or 1.0)

    @property
    def part(self) -> str:
        """``"tensor:NAME"``."""
        return f"tensor:{self.name}"

    @property
    def family(self) -> str:
        """Tensors."""
        return "tensors"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its tensor a row."""
        return self.dimensions

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Standardised cells (n, *shape), float32."""
        series = self.series(inputs)
        if series.null_count() == len(series):
            return self.part, np.zeros((len(series), *self.shape), dtype=np.float32)
        if _shape(series) != self.shape:
            sentence = (
                f"Column {self.name!r} held tensors of shape {self.shape} when the model was "
                f"fitted, and of shape {_shape(series)} now. Give it the former shape, or fit a "
                "new model."
            )
            raise DataError(sentence)
        scaled = (_cells(series) - self.center) / self.scale
        return self.part, np.nan_to_num(scaled, copy=False, nan=0.0).astype(np.float32)


def _shape(series: pl.Series) -> tuple[int, ...]:
    return tuple(int(size) for size in series.dtype.shape)  # type: ignore[attr-defined]


def _cells(series: pl.Series) -> np.ndarray:
    """All cells as float (n, *shape), NaN where missing; infinite ones are an error."""
    shape = _shape(series)
    blank = pl.Series([[None] * math.prod(shape)], dtype=pl.Array(pl.Float64, math.prod(shape)))
    flat = series.reshape((len(series), *shape)) if series.null_count() == 0 else None
    if flat is None:
        flattened = series.cast(pl.Array(pl.Float64, shape))
        rows = [blank[0] if row is None else row for row in flattened.to_list()]
        values = np.array(rows, dtype=np.float64).reshape(len(series), *shape)
    else:
        values = flat.to_numpy()
        values = values if values.dtype.kind == "f" else values.astype(np.float64)
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.argmax(infinite.reshape(len(values), -1).any(axis=1)))
        sentence = (
            f"Column {series.name!r} holds an infinite value (first in row {row}). "
            "Replace it by a number, or by NaN if it is missing."
        )
        raise DataError(sentence)
    return values
