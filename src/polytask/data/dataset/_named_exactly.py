"""Tasks that the caller names one by one, and those that patterns match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from polytask.data.dataset._target_texts import read_target
from polytask.data.names import SourceColumns
from polytask.tasks import Task

__all__ = ["named_exactly", "without_empty_matches"]


def named_exactly(given: Any, columns: Sequence[str]) -> frozenset[str]:
    """Names of tasks, or of their columns, that are written out and not matched by a pattern.

    Parameters
    ----------
    given : iterable of str or Task, or one of these
        As in `read_target`.
    columns : sequence of str
        Columns of the table, or of several sources.

    Examples
    --------
    >>> from polytask.data.dataset._named_exactly import named_exactly
    >>> sorted(named_exactly(["a,b", "assay*:binary"], ["a", "b", "assay1"]))
    ['a', 'b']
    """
    names: set[str] = set()
    listed = [given] if isinstance(given, str | Task) else given
    for target in listed:
        if isinstance(target, Task):
            names.add(target.name)
            continue
        reading = read_target(target, columns)
        exact = [part.name for part in reading.parts if not part.is_pattern]
        names |= {reading.task} if reading.task is not None else set(exact)
    return frozenset(names)


def without_empty_matches(
    tasks: Iterable[Task],
    given: Iterable[str],
    frames: Mapping[str, pl.DataFrame],
    columns: Sequence[str],
) -> tuple[list[Task], tuple[str, ...]]:
    """Leave out tasks of patterns whose columns hold nothing; also return a note on them.

    Parameters
    ----------
    tasks : iterable of Task
        As `named_tasks` makes them.
    given : iterable of str
        What was written.
    frames : mapping of source name to frame
    columns : sequence of str
        As in `named_exactly`.
    """
    named = named_exactly(given, columns)
    kept: list[Task] = []
    empty: list[Task] = []
    for task in tasks:
        exact = named & {task.name, *task.columns}
        (kept if exact or _holds_something(task, frames, columns) else empty).append(task)
    if not (empty and kept):
        return [*kept, *empty], ()
    where = "in the table" if len(frames) == 1 else f"in {', '.join(frames)}"
    names = ", ".join(task.name for task in empty)
    return kept, (f"{names}: left out, since no label is observed {where}",)


def _holds_something(
    task: Task, frames: Mapping[str, pl.DataFrame], columns: Sequence[str]
) -> bool:
    pairs = (
        [pair for name in task.columns for pair in columns.resolve(name)]
        if isinstance(columns, SourceColumns)
        else [(source, name) for source in frames for name in task.columns]
    )
    return any(
        frames[source].get_column(name).drop_nulls().drop_nans().len()
        if frames[source].schema[name].is_float()
        else frames[source].get_column(name).drop_nulls().len()
        for source, name in pairs
    )
