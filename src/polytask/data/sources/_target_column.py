from __future__ import annotations

import polars as pl

from polytask.data.cells import amounts_read, read_by, unread
from polytask.tasks import Kind, Task

__all__ = ["target_column"]


def target_column(task: Task, series: pl.Series, role: str | None) -> pl.Series:
    """A target column in the type that its task requires.

    Declared categories are labels, also if they are fractions. Numbers that were kept as text, such
    as codes, become numbers if the task's kind is numeric.

    Parameters
    ----------
    task : Task
    series : polars.Series
    role : str, optional
        The column's declared role.
    """
    if role == "categorical" and series.dtype.is_float():
        return series.cast(pl.String)
    if isinstance(task.kind, Kind) and task.kind.numeric and series.dtype == pl.String:
        return series if unread(series, amounts_read) else read_by(series, amounts_read)
    return series
