from __future__ import annotations

import polars as pl

from polytask.data.cells import amounts_read, read_by, unread
from polytask.tasks import Kind, Task

__all__ = ["target_column"]


def target_column(task: Task, series: pl.Series, role: str | None) -> pl.Series:
    """A target's values as its task takes them.

    Declared categories are labels as they stand, fractions among them. Numbers that were kept as
    text, such as codes, are numbers where the task's kind is numeric.

    Parameters
    ----------
    task : Task
    series : polars.Series
    role : str, optional
        What the column was declared to be.
    """
    if role == "categorical" and series.dtype.is_float():
        return series.cast(pl.String)
    if isinstance(task.kind, Kind) and task.kind.numeric and series.dtype == pl.String:
        return series if unread(series, amounts_read) else read_by(series, amounts_read)
    return series
