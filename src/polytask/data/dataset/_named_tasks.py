"""Tasks from the texts that name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from polytask._listing import first_names
from polytask.data.cells import SourceColumns
from polytask.data.dataset._target_texts import TargetPart, TargetText, matched_by, read_target
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
    """The tasks that texts name in a table of these columns, and notes on what patterns match.

    Of several sources, a task's columns are ``SOURCE/COLUMN`` where one source is picked. Such a
    task is called so too where another has the column's name, otherwise like the column.

    Parameters
    ----------
    given : iterable of str or Task
        As in `read_target`; tasks are left as they are.
    columns : sequence of str
        Of the table, or of several sources.
    auxiliary : iterable of str
        Further texts, of auxiliary tasks.
    reserved : collection
        Columns that serve as something else, which patterns pass over as they do over those that
        are named as targets.
    kind : Kind or str, optional
        Of the tasks whose text names none.
    role : {"primary", "auxiliary"}

    Raises
    ------
    DataError
        If a pattern matches no column that is free, or some of several names are no columns.

    Examples
    --------
    >>> from polytask.data import named_tasks
    >>> tasks, notes = named_tasks(["assay*:binary"], ["assay1", "assay2", "weight"])
    >>> [(task.name, task.kind.name) for task in tasks]
    [('assay1', 'binary'), ('assay2', 'binary')]
    >>> notes
    ("'assay*' stands for 2 columns: assay1, assay2",)
    """
    roles: list[tuple[Any, Role]] = [(one, role) for one in given]
    roles += [(one, "auxiliary") for one in auxiliary]
    read = [(read_target(one, columns) if isinstance(one, str) else one, as_) for one, as_ in roles]
    claimed = _places([*_claimed([one for one, _ in read]), *reserved], columns)
    tasks: list[Any] = []
    notes: list[str] = []
    for reading, as_ in read:
        if not isinstance(reading, TargetText):
            tasks.append(reading)
            continue
        found = [(part, _columns(part, columns, claimed, notes)) for part in reading.parts]
        tasks += _tasks(reading, found, kind, as_)
    return _shortened(tasks, columns), tuple(notes)


def _places(names: Iterable[object], columns: Sequence[str]) -> set[object]:
    """The columns that names mean, in each source."""
    if not isinstance(columns, SourceColumns):
        return set(names)
    return {place for name in names for place in columns.places(str(name))}


def _shortened(tasks: list[Any], columns: Sequence[str]) -> list[Any]:
    """Tasks of one source called like their column, unless others have that name."""
    if not isinstance(columns, SourceColumns):
        return tasks
    short = {}
    for task in tasks:
        places = columns.places(task.name)
        if task.columns == (task.name,) and columns.is_pick(task.name) and places:
            short[task.name] = places[0][1]
    counts = Counter(short.get(task.name, task.name) for task in tasks)
    return [
        replace(task, name=short[task.name])
        if task.name in short and counts[short[task.name]] == 1
        else task
        for task in tasks
    ]


def _claimed(readings: Iterable[Any]) -> set[object]:
    """Columns that are named as such."""
    found: set[object] = set()
    for reading in readings:
        if isinstance(reading, TargetText):
            found |= {part.name for part in reading.parts if not part.is_pattern}
        elif isinstance(reading, Task):
            found |= set(reading.columns)
    return found


def _columns(
    part: TargetPart, columns: Sequence[str], claimed: set[object], notes: list[str]
) -> list[str]:
    """The columns of a part; those of a pattern are claimed, and noted."""
    if not part.is_pattern:
        return [part.name]
    matched = matched_by(part.name, columns)
    found = [name for name in matched if claimed.isdisjoint(_places([name], columns))]
    if not found:
        sentence = (
            f"{part.name!r} matches only columns that are named otherwise: {_shown(matched)}. "
            "Leave it out, or name fewer columns."
        )
        raise DataError(sentence)
    claimed |= _places(found, columns)
    count = f"{len(found)} column{'s' * (len(found) > 1)}"
    notes.append(f"{part.name!r} stands for {count}: {_shown(found)}")
    return found


def _tasks(
    reading: TargetText,
    found: Sequence[tuple[TargetPart, list[str]]],
    kind: Kind | str | None,
    role: Role,
) -> list[Task]:
    if reading.task is not None:
        columns = [name for _, names in found for name in names]
        return [Task(reading.task, reading.kind or kind, columns, role=role)]
    return [Task(name, part.kind or kind, role=role) for part, names in found for name in names]


def _shown(names: Sequence[str]) -> str:
    return first_names(names, _SHOWN)
