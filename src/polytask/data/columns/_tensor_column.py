from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Finite, Interval, Satisfies
from polytask.data.cells import finite_cells, tensor_shape
from polytask.data.columns._column import Column
from polytask.data.columns._standardize import FURTHEST, center_and_scale, standardize
from polytask.exceptions import DataError

__all__ = ["TensorColumn"]

_LARGEST = 1 << 31
"""Cells of a row; no fitted column has more."""


def _are_runs(runs: tuple[tuple[int, int, float], ...]) -> bool:
    ends = [0, *(end for start, stop, _ in runs for end in (start, stop))]
    in_order = all(low <= high for low, high in pairwise(ends)) and ends[-1] <= _LARGEST
    return in_order and all(abs(value) <= FURTHEST for _, _, value in runs)


@dataclass(frozen=True)
class TensorColumn(Column):
    """Encoder of tensors of one shape, such as images, with a common mean and deviation.

    Missing cells become 0, which is the mean.

    Parameters
    ----------
    name : str
    dimensions : tuple of int
        Shape of the tensor per row.
    center, scale : float
        Mean and standard deviation of all observed training cells; scale 1 for a constant.
    constant : tuple of (int, int, float)
        Runs of flattened cells whose observed training values were equal: start, end, and the
        encoded value.
    missing : bool
        Whether training cells were missing.
    """

    dimensions: tuple[int, ...]
    center: float
    scale: float
    constant: tuple[tuple[int, int, float], ...] = ()
    missing: bool = False

    encoder: ClassVar[str] = "tensor"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "dimensions": Satisfies(
            lambda shape: min(shape, default=0) > 0 and math.prod(shape) <= _LARGEST, "a shape"
        ),
        "center": Finite,
        "scale": Interval(float, 0.0, closed="neither"),
        "constant": Satisfies(_are_runs, "runs of cells in ascending order"),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> TensorColumn:
        """Learn from a column with at least one observed row."""
        cells = finite_cells(series)
        column = cls._standardizing(series, cells)
        runs = tuple(_constant_runs(cells.reshape(len(cells), -1), column.center, column.scale))
        return replace(column, constant=runs, missing=bool(np.isnan(cells).any()))

    @classmethod
    def _standardizing(cls, series: pl.Series, cells: np.ndarray) -> TensorColumn:
        observed = cells[~np.isnan(cells)] if np.isnan(cells).any() else cells
        if observed.size == 0 or observed.min() == observed.max():
            constant = float(observed.flat[0]) if observed.size else 0.0
            return cls(series.name, tensor_shape(series), constant, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            center = float(observed.mean(dtype=np.float64))
            scale = float(observed.std(dtype=np.float64))
        if not (math.isfinite(center) and 0.0 < scale < math.inf):
            center, scale = center_and_scale(observed.astype(np.float64))
        return cls(series.name, tensor_shape(series), center, scale or 1.0)

    @property
    def role(self) -> str:
        """``"image"`` for three axes (channels, height, width), otherwise ``"tensor"``."""
        return "image" if len(self.dimensions) == 3 else "tensor"

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
        """Shape of its tensor per row."""
        return self.dimensions

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Standardised cells (n, *shape), float32."""
        series = self.series(inputs)
        if series.null_count() == len(series):
            return self.part, np.zeros((len(series), *self.shape), dtype=np.float32)
        if tensor_shape(series) != self.shape:
            sentence = (
                f"Column {self.name!r} held tensors of shape {self.shape} when the model was "
                f"fitted, and of shape {tensor_shape(series)} now. Give it the former shape, or fit a "
                "new model."
            )
            raise DataError(sentence)
        scaled = standardize(finite_cells(series), self.center, self.scale)
        scaled[np.isnan(scaled)] = 0.0
        return self.part, scaled.astype(np.float32, copy=False)


def _constant_runs(
    cells: np.ndarray, center: float, scale: float
) -> Iterator[tuple[int, int, float]]:
    """Runs of columns of one observed value, or of none, with what it is encoded as."""
    low, high = np.fmin.reduce(cells, axis=0), np.fmax.reduce(cells, axis=0)
    encoded = standardize(low, center, scale).astype(np.float32)
    encoded[np.isnan(encoded)] = 0.0
    constant = ~(low < high)
    same = constant[1:] & constant[:-1] & (encoded[1:] == encoded[:-1])
    starts = np.flatnonzero(constant & ~np.concatenate([[False], same]))
    stops = np.flatnonzero(constant & ~np.concatenate([same, [False]])) + 1
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        yield start, stop, float(encoded[start])
