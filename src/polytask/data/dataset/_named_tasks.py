"""Tasks from target texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from polytask._listing import first_names
from polytask.data.dataset._target_texts import TargetPart, TargetText, matched_by, read_target
from polytask.data.names import SourceColumns
from polytask.exceptions import DataError
from polytask.tasks import Kind, Task

__all__ = ["named_tasks"]

Role = Literal["primary", "auxiliary"]
_SHOWN = 12


def named_tasks(
    given: Iterable[Any],
    columns: Sequence[str],
    *,
    auxiliary: Iterable[str] = (),
    reserved: Collection[object] = (),
    kind: Kind | str | None = None,
    role: Role = "primary",
) -> tuple[list[Any], tuple[str, ...]]:
    """Make tasks of target texts; also return notes on the columns that patterns match.

    With several sources, a task that picks one source has columns ``SOURCE/COLUMN``. It is named
    after the column, or ``SOURCE/COLUMN`` if another task has the column's name.

    Parameters
    ----------
    given : iterable of str or Task
        As in `read_target`; tasks are returned unchanged.
    columns : sequence of str
        Columns of the table, or of several sources.
    auxiliary : iterable of str
        Further texts, of auxiliary tasks.
    reserved : collection
        Columns with other roles. Patterns skip them, and columns that are named as targets.
    kind : Kind or str, optional
        Kind of tasks whose text names none.
    role : {"primary", "auxiliary"}

    Raises
    ------
    DataError
        If a pattern matches no free column, or some of several names are no columns.

    Examples
    --------
    >>> from polytask.data import named_tasks
    >>> tasks, notes = named_tasks(["assay*:binary"], ["assay1", "assay2", "weight"])
    >>> [(task.name, task.kind.name) for task in tasks]
    [('assay1', 'binary'), ('assay2', 'binary')]
    >>> notes
    ("'assay*' stands for 2 columns: assay1, assay2",)
    """
    roles: list[tuple[Any, Role]] = [(target, role) for target in given]
    roles += [(target, "auxiliary") for target in auxiliary]
    read = [
        (read_target(target, columns) if isinstance(target, str) else target, as_)
        for target, as_ in roles
    ]
    claimed = _meant([*_claimed([target for target, _ in read]), *reserved], columns)
    tasks: list[Any] = []
    notes: list[str] = []
    for reading, as_ in read:
        if not isinstance(reading, TargetText):
            tasks.append(reading)
            continue
        matched = [(part, _columns(part, columns, claimed, notes)) for part in reading.parts]
        tasks += _tasks(reading, matched, kind, as_)
    return _shortened(tasks, columns), tuple(notes)


def _meant(names: Iterable[object], columns: Sequence[str]) -> set[object]:
    """The columns that names mean, with their sources if there are several."""
    if not isinstance(columns, SourceColumns):
        return set(names)
    return {pair for name in names for pair in columns.resolve(str(name))}


def _shortened(tasks: list[Any], columns: Sequence[str]) -> list[Any]:
    """Name tasks that pick one source after their column, unless another task has that name."""
    if not isinstance(columns, SourceColumns):
        return tasks
    short = {}
    for task in tasks:
        meant = columns.resolve(task.name)
        if task.columns == (task.name,) and columns.is_pick(task.name) and meant:
            short[task.name] = meant[0][1]
    counts = Counter(short.get(task.name, task.name) for task in tasks)
    unique = {name: own for name, own in short.items() if counts[own] == 1}
    return [
        replace(
            task,
            name=unique.get(task.name, task.name),
            after=tuple(unique.get(name, name) for name in task.after),
        )
        for task in tasks
    ]


def _claimed(readings: Iterable[Any]) -> set[object]:
    """Columns that are named as targets, not matched by patterns."""
    names: set[object] = set()
    for reading in readings:
        if isinstance(reading, TargetText):
            names |= {part.name for part in reading.parts if not part.is_pattern}
        elif isinstance(reading, Task):
            names |= set(reading.columns)
    return names


def _columns(
    part: TargetPart, columns: Sequence[str], claimed: set[object], notes: list[str]
) -> list[str]:
    """The columns of a part; those of a pattern are added to `claimed` and noted."""
    if not part.is_pattern:
        return [part.name]
    matched = matched_by(part.name, columns)
    free = [name for name in matched if claimed.isdisjoint(_meant([name], columns))]
    if not free:
        sentence = (
            f"{part.name!r} matches only columns that are named otherwise: {_shown(matched)}. "
            "Leave it out, or name fewer columns."
        )
        raise DataError(sentence)
    claimed |= _meant(free, columns)
    count = f"{len(free)} column{'s' * (len(free) > 1)}"
    notes.append(f"{part.name!r} stands for {count}: {_shown(free)}")
    return free


def _tasks(
    reading: TargetText,
    matched: Sequence[tuple[TargetPart, list[str]]],
    kind: Kind | str | None,
    role: Role,
) -> list[Task]:
    if reading.task is not None:
        columns = [name for _, names in matched for name in names]
        return [Task(reading.task, reading.kind or kind, columns, role=role)]
    return [Task(name, part.kind or kind, role=role) for part, names in matched for name in names]


def _shown(names: Sequence[str]) -> str:
    return first_names(names, _SHOWN)
