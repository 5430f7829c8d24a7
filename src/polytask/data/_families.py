"""What a column holds, in five words that do not depend on how it was stored."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask._validation import describe
from polytask.exceptions import DataError

__all__ = ["family", "no_infinity", "numbers"]


def family(dtype: pl.DataType) -> str | None:
    """Return numbers, booleans, text, dates, tensors, nothing (all null), or None for the rest."""
    if dtype == pl.Null:
        return "nothing"
    if dtype == pl.Boolean:
        return "booleans"
    if dtype.is_numeric():
        return "numbers"
    if dtype in {pl.String, pl.Categorical, pl.Enum}:
        return "text"
    if dtype.is_temporal():
        return "dates"
    if isinstance(dtype, pl.Array) and _innermost(dtype).is_numeric():
        return "tensors"
    return None


def _innermost(dtype: pl.DataType) -> pl.DataType:
    while isinstance(dtype, pl.Array):
        dtype = dtype.inner  # type: ignore[assignment]
    return dtype


def numbers(series: pl.Series) -> np.ndarray:
    """Numbers, booleans as 0 and 1, or dates as days since 1970; float64, NaN where missing."""
    if not series.dtype.is_temporal():
        return series.cast(pl.Float64).to_numpy()
    if series.dtype == pl.Date:
        return series.to_physical().cast(pl.Float64).to_numpy()
    if series.dtype == pl.Time:
        return series.to_physical().cast(pl.Float64).to_numpy() / 86_400e9
    unit = {"ms": 86_400e3, "us": 86_400e6, "ns": 86_400e9}[series.dtype.time_unit]  # type: ignore[attr-defined]
    return series.to_physical().cast(pl.Float64).to_numpy() / unit


def no_infinity(series: pl.Series) -> None:
    """Raise if a column of numbers holds an infinite value.

    Raises
    ------
    DataError
        Naming the column and the first such row.
    """
    if not series.dtype.is_float():
        return
    infinite = series.is_infinite()
    if infinite.any():
        row = int(infinite.arg_max() or 0)
        sentence = (
            f"Column {series.name!r} holds an infinite value ({describe(series[row])}, first in "
            f"row {row}). Replace it by a number, or by null if it is missing."
        )
        raise DataError(sentence)
