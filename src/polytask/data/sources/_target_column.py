from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from polytask.data.cells import amounts_read, booleans_read, family, read_by, steps_of, unread
from polytask.exceptions import DataError
from polytask.tasks import LIST_SEPARATOR, Kind, Task

__all__ = ["target_column"]


def target_column(task: Task, series: pl.Series, role: str | None) -> pl.Series:
    """A target column in the type that its task requires.

    Lists of labels of the steps of a row become texts; labels of pixels must be arrays of one size. Declared categories are labels, also if they are fractions. Numbers that were kept as text, such
    as codes, become numbers if the task's kind is numeric.

    Parameters
    ----------
    task : Task
    series : polars.Series
    role : str, optional
        The column's declared role.
    """
    if isinstance(task.kind, Kind) and task.kind.form == "sequence":
        return _of_steps(task.name, series)
    if isinstance(task.kind, Kind) and task.kind.form == "map":
        _check_sizes(task.name, series)
        return series
    if role == "categorical" and series.dtype.is_float():
        return series.cast(pl.String)
    if isinstance(task.kind, Kind) and task.kind.numeric and series.dtype == pl.String:
        reads = (read for read in (amounts_read, booleans_read) if not unread(series, read))
        read = next(reads, None)
        return series if read is None else read_by(series, read)
    return series


def _of_steps(task: str, series: pl.Series) -> pl.Series:
    """Lists of labels as texts; of no labels, missing."""
    if isinstance(series.dtype, pl.List | pl.Array):
        several = series.dtype.shape[1:] if isinstance(series.dtype, pl.Array) else ()
        if several or series.dtype.inner.is_nested():
            sentence = (
                f"Task {task!r}: column {series.name!r} holds several values for each step of a row. A "
                "step has one label; make the others targets of their own."
            )
            raise DataError(sentence)
        lists = series.cast(pl.List(pl.String), strict=False)
        texts = lists.list.eval(pl.element().fill_null("") + LIST_SEPARATOR).list.join("")
        return texts.set(lists.list.len() == 0, None)
    if series.dtype == pl.String:
        return series.set(series.str.strip_chars() == "", None)
    return series


def _check_sizes(task: str, series: pl.Series) -> None:
    """Raise for arrays that differ in size."""
    if isinstance(series.dtype, pl.List) and isinstance(series.dtype.inner, pl.List):
        _check_nested(task, series)
        return
    if family(series) != "number lists":
        return
    lengths, _ = steps_of(series)
    rows = [row for row, missing in enumerate(series.is_null()) if not missing]
    other = next((row for row in rows if lengths[row] != lengths[rows[0]]), rows[0])
    width = getattr(series.dtype.inner, "shape", ())  # type: ignore[attr-defined]
    first, second = ((int(lengths[row]), *width) for row in (rows[0], other))
    raise DataError(_several_sizes(task, series.name, {rows[0]: first, other: second}))


def _check_nested(task: str, series: pl.Series) -> None:
    """Raise for lists of rows of pixels that differ in height or width."""
    first: tuple[int, tuple[int, ...]] | None = None
    for row, cell in enumerate(series):
        if cell is None:
            continue
        widths = cell.list.len().drop_nulls().unique(maintain_order=True).to_list()
        if len(widths) > 1:
            sentence = (
                f"Task {task!r}: column {series.name!r} holds arrays with rows of several lengths, "
                f"{widths[0]} and {widths[1]} in row {row} of the table. Give every row of an array "
                "as many pixels."
            )
            raise DataError(sentence)
        size = len(cell), *widths
        first = first or (row, size)
        if size != first[1]:
            raise DataError(_several_sizes(task, series.name, {first[0]: first[1], row: size}))


def _several_sizes(task: str, column: str, sizes: Mapping[int, tuple[int, ...]]) -> str:
    shown = " and ".join(f"{size} in row {row}" for row, size in sizes.items())
    return (
        f"Task {task!r}: column {column!r} holds arrays of several sizes, {shown}. "
        "Resize them: a task's arrays have one size."
    )
