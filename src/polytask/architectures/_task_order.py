"""Dependencies of tasks of which none names another: each follows the one before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from polytask._listing import first_names
from polytask.tasks import TaskSet

__all__ = ["has_no_order", "in_order", "nested_steps", "order_note"]


def has_no_order(tasks: TaskSet) -> bool:
    """Whether there are several tasks of which none comes after another."""
    return len(tasks) > 1 and not tasks.has_dependencies


def in_order(tasks: TaskSet) -> TaskSet:
    """The tasks, each after the one before it; as they are if one of them names another.

    Examples
    --------
    >>> from polytask import TaskSet
    >>> from polytask.architectures._task_order import in_order
    >>> in_order(TaskSet(["view", "click", "buy"]))["buy"].after
    ('click',)
    """
    if tasks.has_dependencies:
        return tasks
    names = (None, *tasks.names)
    return TaskSet(
        task if before is None else replace(task, after=before)
        for task, before in zip(tasks, names, strict=False)
    )


def nested_steps(tasks: TaskSet, needed: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """Binary tasks with the binary ones right before them that each needs in order to happen."""
    events = {task.name for task in tasks if task.known_kind.scores == "event"}
    return [
        (later, earlier)
        for later in tasks.names
        for earlier in tasks.after(later)
        if {later, earlier} <= events and earlier in needed[later]
    ]


def order_note(sentence: str, tasks: TaskSet) -> str:
    """A sentence on what an architecture assumes of the order given, the order, and the remedy.

    Examples
    --------
    >>> from polytask import TaskSet
    >>> from polytask.architectures._task_order import order_note
    >>> order_note("AITM takes the tasks in the order given", TaskSet(["click", "buy"]))
    'AITM takes the tasks in the order given (click, buy), since none names another in `after`. State dependencies by `after`, on the command line --after buy=click, if this is wrong.'
    """
    first, second, *_ = tasks.names
    return (
        f"{sentence} ({first_names(tasks.names)}), since none names another in `after`. State "
        f"dependencies by `after`, on the command line --after {second}={first}, if this is wrong."
    )
