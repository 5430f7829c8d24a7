"""Tasks from the arguments of constructors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from polytask.data.dataset._named_tasks import named_tasks
from polytask.data.names import column_names
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
    """Make tasks of an argument, and notes; patterns skip columns with other roles."""
    given = [tasks] if isinstance(tasks, str | Task) or not isinstance(tasks, Iterable) else tasks
    reserved = [*column_names("drop", drop), *(name for name in others if isinstance(name, str))]
    reserved += [] if features is None else column_names("features", features)
    chosen, notes = named_tasks(given, columns, reserved=reserved)
    return TaskSet(chosen), notes


def long_task(
    target: str | Task,
    columns: Sequence[str],
    kind: Kind | str | None,
    role: Literal["primary", "auxiliary"],
) -> Task:
    """The task that all tasks of a long table equal except for their names."""
    chosen, _ = named_tasks([target], columns, kind=kind, role=role)
    return one_target(TaskSet(chosen))


def one_target(tasks: TaskSet) -> Task:
    """Return the only task; raise if there are several."""
    if len(tasks) > 1:
        sentence = (
            "With `task_column`, one target serves all tasks. "
            f"Got {', '.join(tasks.columns)}; name one, or one task of several columns."
        )
        raise ParameterError(sentence)
    return tasks[0]
