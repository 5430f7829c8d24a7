"""The order of rows in time, from a column of dates, numbers or text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from jaxtyping import Int64

from polytask._naming import suggestion
from polytask.data.cells import date_readings, family, read_by
from polytask.data.sources import Source
from polytask.exceptions import DataError

__all__ = ["time_column", "time_ranks"]


def time_column(source: Source, name: str) -> pl.Series:
    """The times of a source's rows, from one of its columns."""
    if name not in source.inputs.columns:
        sentence = (
            f"The time column {name!r} is not an input column. "
            f"{suggestion(name, source.inputs.columns)}"
        )
        raise DataError(sentence)
    return _moments(source.inputs[name])


def time_ranks(columns: Sequence[pl.Series]) -> list[Int64[np.ndarray, " n"]]:
    """Rank of each time among the distinct times of all columns; −1 if it is missing."""
    tables = [series.rename("time").to_frame() for series in columns]
    try:
        together = pl.concat(tables, how="vertical_relaxed")["time"]
    except pl.exceptions.PolarsError as error:
        sentence = (
            f"Column {columns[0].name!r} must tell the time alike in all sources. Got the types "
            f"{', '.join(str(table['time'].dtype) for table in tables)}."
        )
        raise DataError(sentence) from error
    ranks = together.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
    return np.split(ranks, np.cumsum([table.height for table in tables])[:-1])


def _moments(series: pl.Series) -> pl.Series:
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
