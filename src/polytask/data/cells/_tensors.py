"""Cells of columns of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int64, Shaped

from polytask.data.cells._families import innermost
from polytask.exceptions import DataError

__all__ = ["check_finite", "finite_cells", "tensor_cells", "tensor_shape"]

_IN_SINGLE = {pl.Float32, pl.Boolean, pl.Int8, pl.Int16, pl.UInt8, pl.UInt16}
"""Types whose values single precision holds."""


def tensor_shape(series: pl.Series) -> tuple[int, ...]:
    """Shape of the tensor of a row."""
    return tuple(int(size) for size in series.dtype.shape)  # type: ignore[attr-defined]


def tensor_cells(series: pl.Series) -> Float[np.ndarray, " n *cells"]:
    """All cells (n, *shape), NaN where missing; in single precision where that holds their type.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.cells import tensor_cells
    >>> tensor_cells(pl.Series([[1, 2], None], dtype=pl.Array(pl.UInt8, 2)))
    array([[ 1.,  2.],
           [nan, nan]], dtype=float32)
    """
    return _cells(series, pl.Float32 if innermost(series) in _IN_SINGLE else pl.Float64)


def finite_cells(series: pl.Series) -> Float[np.ndarray, " n *cells"]:
    """All cells in single precision, or in double if stored so, NaN where missing.

    Raises
    ------
    DataError
        If a cell is infinite.
    """
    cells = _cells(series, pl.Float64 if innermost(series) == pl.Float64 else pl.Float32)
    check_finite(series.name, cells, np.arange(len(series)))
    return cells


def check_finite(
    column: str, cells: Shaped[np.ndarray, " n *cells"], rows: Int64[np.ndarray, " n"]
) -> None:
    """Raise for the first infinite cell, naming its row.

    Raises
    ------
    DataError
    """
    infinite = np.isinf(cells)
    if infinite.any():
        first = rows[infinite.reshape(len(cells), -1).any(axis=1).argmax()]
        sentence = (
            f"Column {column!r} holds an infinite value (first in row {first}). Replace it by a "
            "number, or by NaN if it is missing."
        )
        raise DataError(sentence)


def _cells(series: pl.Series, kept: Any) -> np.ndarray:
    shape, present = tensor_shape(series), series.is_not_null().to_numpy()
    cells = series.drop_nulls().cast(pl.Array(kept, shape)).to_numpy()
    if present.all():
        return cells
    values = np.full((len(series), *shape), np.nan, dtype=cells.dtype)
    values[present] = cells
    return values
