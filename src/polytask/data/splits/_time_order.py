"""The order of rows in time, from a column of dates, numbers or text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from jaxtyping import Int64

from polytask._naming import suggestion
from polytask.data.cells import read_times
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
    return read_times(source.inputs[name])


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
