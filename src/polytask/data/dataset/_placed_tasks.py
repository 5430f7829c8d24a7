"""Sources in which each task has its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from polytask._listing import first_and_more
from polytask.data.names import SourceColumns, require_columns
from polytask.exceptions import DataError
from polytask.tasks import Task, TaskSet

__all__ = ["PlacedTask", "check_used", "placed_tasks"]


class PlacedTask(NamedTuple):
    """A task with columns by their own names, and the sources that have them."""

    task: Task
    sources: tuple[str, ...]


def placed_tasks(tasks: TaskSet, columns: SourceColumns) -> list[PlacedTask]:
    """Find the sources of tasks: the one that their columns pick, or all that have the columns.

    A source whose column another task picks is left to that task.

    Parameters
    ----------
    tasks : TaskSet
        Their target columns are names alone or ``SOURCE/COLUMN``.
    columns : SourceColumns

    Raises
    ------
    DataError
        If no source has a task's columns, or they lie in different sources.

    Examples
    --------
    >>> from polytask import TaskSet
    >>> from polytask.data.names import SourceColumns
    >>> from polytask.data.dataset._placed_tasks import placed_tasks
    >>> columns = SourceColumns({"red": ["ph", "quality"], "white": ["ph", "quality"]})
    >>> [placed.sources for placed in placed_tasks(TaskSet(["quality", "white/ph"]), columns)]
    [('red', 'white'), ('white',)]
    """
    picked = {
        column: task.name
        for task in tasks
        for name in task.columns
        if name in columns and columns.is_pick(name)
        for column in columns.resolve(name)
    }
    return [_placed(task, columns, picked) for task in tasks]


def check_used(placed: Sequence[PlacedTask], columns: SourceColumns) -> None:
    """Raise if a source has no target."""
    for source in columns.by_source:
        if not any(source in each.sources for each in placed):
            names = first_and_more([name for each in placed for name in each.task.columns])
            sentence = (
                f"Source {source!r} has no column of a target (these are {names}). Name one of its "
                "columns as a target, or leave the source out."
            )
            raise DataError(sentence)


def _placed(
    task: Task, columns: SourceColumns, picked: Mapping[tuple[str, str], str]
) -> PlacedTask:
    require_columns(columns, task.columns, f"Task {task.name!r}: the target")
    picks = [columns.resolve(name)[0][0] for name in task.columns if columns.is_pick(name)]
    if picks:
        return _in_one_source(task, columns, picks)
    has_all = [
        source
        for source, names in columns.by_source.items()
        if all(name in names for name in task.columns)
    ]
    if not has_all:
        sentence = (
            f"Task {task.name!r}: no source has all of its columns. "
            f"Got {_whereabouts(task, columns)}."
        )
        raise DataError(sentence)
    free = [s for s in has_all if len(task.columns) > 1 or (s, task.columns[0]) not in picked]
    if not free:
        others = ", ".join(dict.fromkeys(picked[s, task.columns[0]] for s in has_all))
        sentence = (
            f"Task {task.name!r}: every source that has column {task.columns[0]!r} is picked by "
            f"another task ({others}). Leave one of them out."
        )
        raise DataError(sentence)
    return PlacedTask(task, tuple(free))


def _in_one_source(task: Task, columns: SourceColumns, picks: Sequence[str]) -> PlacedTask:
    """Place a task that picks columns of one source, which must have all of its columns."""
    source = picks[0]
    own = [name.removeprefix(f"{source}/") for name in task.columns]
    if len(set(picks)) > 1 or any(name not in columns.by_source[source] for name in own):
        sentence = (
            f"Task {task.name!r}: the columns of a task must stand in one source. "
            f"Got {_whereabouts(task, columns)}."
        )
        raise DataError(sentence)
    return PlacedTask(replace(task, target=own), (source,))


def _whereabouts(task: Task, columns: SourceColumns) -> str:
    """A task's columns, each with the sources that have it."""
    return "; ".join(
        f"{name} ({', '.join(source for source, _ in columns.resolve(name))})"
        for name in task.columns
    )
