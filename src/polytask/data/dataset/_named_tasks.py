"""Tasks from the texts that name them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

from polytask.data.dataset._target_texts import TargetPart, TargetText, matching, read_target
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

    Parameters
    ----------
    given : iterable of str or Task
        As in `read_target`; tasks are left as they are.
    columns : sequence of str
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
    claimed = _claimed([one for one, _ in read]) | set(reserved)
    tasks: list[Any] = []
    notes: list[str] = []
    for reading, as_ in read:
        if not isinstance(reading, TargetText):
            tasks.append(reading)
            continue
        found = [(part, _columns(part, columns, claimed, notes)) for part in reading.parts]
        tasks += _tasks(reading, found, kind, as_)
    return tasks, tuple(notes)


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
    matched = matching(part.name, columns)
    found = [name for name in matched if name not in claimed]
    if not found:
        sentence = (
            f"{part.name!r} matches only columns that are named otherwise: {_shown(matched)}. "
            "Leave it out, or name fewer columns."
        )
        raise DataError(sentence)
    claimed.update(found)
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
    return ", ".join(names[:_SHOWN]) + ", …" * (len(names) > _SHOWN)
