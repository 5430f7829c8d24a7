"""Columns of text, dates or numbers as times."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from polytask.data.cells._families import family
from polytask.data.cells._text_dates import date_readings
from polytask.data.cells._text_reading import read_by
from polytask.exceptions import DataError

__all__ = ["read_times"]


def read_times(series: pl.Series) -> pl.Series:
    """A column as dates, times or numbers.

    Raises
    ------
    DataError
        Naming the column and the first cell that cannot be ordered in time.
    """
    holds = family(series)
    if holds in {"numbers", "dates"}:
        return series.fill_nan(None) if series.dtype.is_float() else series
    if holds != "text":
        sentence = (
            f"The time column {series.name!r} must hold dates, times or numbers. Got a column of "
            f"{holds or series.dtype}."
        )
        raise DataError(sentence)
    text = series.cast(pl.String).str.strip_chars().replace("", None)
    read = max((_read(text, reader) for reader in _READERS), key=_n_observed)
    unread = text.is_not_null() & read.is_null()
    if unread.any() or not _n_observed(read):
        row = int(unread.arg_max() or 0)
        sentence = (
            f"The time column {series.name!r} must hold dates, times or numbers. "
            f"Got {series[row]!r} in row {row}."
        )
        raise DataError(sentence)
    return read


def _dates(text: pl.Series) -> pl.Series:
    """Dates of the form that all cells have; null throughout if there is none."""
    reading = date_readings([text]).get(text.name)
    if reading is None or reading.read is None:
        return pl.Series(text.name, [None] * len(text), dtype=pl.Null)
    return read_by(text, reading.read)


_READERS: tuple[Callable[[pl.Series], pl.Series], ...] = (
    lambda text: text.cast(pl.Float64, strict=False),
    _dates,
    lambda text: text.str.to_datetime(strict=False),
    lambda text: text.str.to_time(strict=False),
)
"""Readers of text as times, the likelier first; null where they fail."""


def _read(text: pl.Series, reader: Callable[[pl.Series], pl.Series]) -> pl.Series:
    try:
        return reader(text)
    except pl.exceptions.PolarsError:  # no format suits any cell
        return pl.Series(text.name, [None] * len(text), dtype=pl.Null)


def _n_observed(series: pl.Series) -> int:
    return len(series) - series.null_count()
