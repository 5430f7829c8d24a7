"""Five families of columns, which do not depend on how a column is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from polytask._validation import describe
from polytask.exceptions import DataError

__all__ = ["check_dates", "family", "innermost", "no_infinity", "numbers", "plain_text"]

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""The first day of the year 1 and the last of 9999, since 1970."""


def family(series: pl.Series) -> str | None:
    """Return numbers, booleans, text, dates, tensors, nothing (all null), or None for the rest."""
    dtype = series.dtype
    if dtype == pl.Null:
        return "nothing"
    if dtype == pl.Boolean:
        return "booleans"
    if dtype.is_numeric():
        return "numbers"
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if dtype.is_temporal():
        return "dates"
    if isinstance(dtype, pl.Array) and innermost(series).is_numeric():
        return "tensors"
    return None


def innermost(series: pl.Series) -> Any:
    """The polars type of a tensor's cells."""
    dtype: Any = series.dtype
    while isinstance(dtype, pl.Array):
        dtype = dtype.inner
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


def plain_text(series: pl.Series) -> pl.Series:
    """Categories as the text they stand for; other columns as they are."""
    return series.cast(pl.String) if family(series) == "text" else series


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


def check_dates(series: pl.Series) -> None:
    """Raise if a column of dates holds one before the year 1 or after 9999.

    Raises
    ------
    DataError
        Naming the column and the first such row.
    """
    if not isinstance(series.dtype, pl.Date | pl.Datetime):
        return
    days = numbers(series)
    far = (days < _FIRST_DAY) | (days >= _LAST_DAY + 1)
    if far.any():
        sentence = (
            f"Column {series.name!r} holds a date outside of the years 1 to 9999 (first in row "
            f"{far.argmax()}). Replace it by a date, or by null if it is missing."
        )
        raise DataError(sentence)
