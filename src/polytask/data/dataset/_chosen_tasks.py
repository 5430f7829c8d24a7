"""The tasks that a table is read for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from polytask.data.cells import column_names
from polytask.data.dataset._named_tasks import named_tasks
from polytask.exceptions import ParameterError
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["chosen_tasks", "long_task", "one_target"]


def chosen_tasks(
    tasks: Any,
    columns: Sequence[str],
    *,
    features: Any = None,
    drop: Any = (),
    others: Iterable[Any] = (),
) -> tuple[TaskSet, tuple[str, ...]]:
    """Tasks as objects, and notes; patterns pass over columns that serve as something else."""
    given = [tasks] if isinstance(tasks, str | Task) or not isinstance(tasks, Iterable) else tasks
    reserved = [*column_names("drop", drop), *(name for name in others if isinstance(name, str))]
    reserved += [] if features is None else column_names("features", features)
    found, notes = named_tasks(given, columns, reserved=reserved)
    return TaskSet(found), notes


def long_task(
    target: str | Task,
    columns: Sequence[str],
    kind: Kind | str | None,
    role: Literal["primary", "auxiliary"],
) -> Task:
    """The task that all tasks of a long table are like."""
    found, _ = named_tasks([target], columns, kind=kind, role=role)
    return one_target(TaskSet(found))


def one_target(tasks: TaskSet) -> Task:
    """The only task; raises if there are several."""
    if len(tasks) > 1:
        sentence = (
            "With `task_column`, one target serves all tasks. "
            f"Got {', '.join(tasks.columns)}; name one, or one task of several columns."
        )
        raise ParameterError(sentence)
    return tasks[0]
