"""Families of columns, which do not depend on how a column is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from polytask._validation import describe
from polytask.data.cells._steps import step_numbers, step_positions, steps_of
from polytask.exceptions import DataError

__all__ = ["NESTED", "check_dates", "family", "innermost", "no_infinity", "numbers", "plain_text"]

NESTED = ("tensors", "token lists", "number lists", "empty lists")
"""Families whose cells are several values."""
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""The first day of the year 1 and the last of 9999, since 1970."""


def family(series: pl.Series) -> str | None:
    """Type of a column's cells, or None if it is no such type.

    Numbers, booleans, text, dates, tensors (arrays of one shape), token lists (of text), number
    lists (of numbers, or of arrays of one length), empty lists, bytes, or nothing, if all cells are
    null.
    """
    dtype: Any = series.dtype
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
    if dtype == pl.Binary:
        return "bytes"
    if isinstance(dtype, pl.Array) and 0 in dtype.shape:
        return "empty lists"
    if isinstance(dtype, pl.Array) and innermost(series).is_numeric():
        return "tensors"
    if isinstance(dtype, pl.List) or (isinstance(dtype, pl.Array) and len(dtype.shape) == 1):
        return _of_lists(dtype.inner)
    return None


def _of_lists(inner: Any) -> str | None:
    """Family of lists by the type of their cells."""
    if inner == pl.Null:
        return "empty lists"
    if isinstance(inner, pl.String | pl.Categorical | pl.Enum):
        return "token lists"
    if isinstance(inner, pl.Array) and len(inner.shape) == 1:
        inner = inner.inner
    return "number lists" if inner == pl.Boolean or inner.is_numeric() else None


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
    """Raise if a column of numbers, or of lists of numbers, holds an infinite value.

    Raises
    ------
    DataError
        Naming the column and the first such row.
    """
    if family(series) == "number lists":
        _no_infinite_step(series)
        return
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


def _no_infinite_step(series: pl.Series) -> None:
    lengths, cells = steps_of(series)
    infinite = np.isinf(step_numbers(cells)).any(axis=1)
    if infinite.any():
        rows, positions = step_positions(lengths)
        first = int(infinite.argmax())
        sentence = (
            f"Column {series.name!r} holds an infinite value (first in row {rows[first]}, step "
            f"{positions[first]}). Replace it by a number, or by null if it is missing."
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
