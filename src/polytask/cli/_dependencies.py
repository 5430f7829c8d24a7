"""Dependencies between tasks, ``--after TASK=UPSTREAM``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polytask._naming import suggestion
from polytask.cli._tasks import column_names
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.tasks import TaskSet

__all__ = ["with_dependencies"]


def with_dependencies(tasks: TaskSet, texts: Sequence[str]) -> TaskSet:
    """The same tasks, fed by those that ``TASK=UPSTREAM`` name.

    Raises
    ------
    ParameterError
        If a text has no equals sign, a task feeds itself, or dependencies form a cycle.
    UnknownNameError
        If a name is no task.

    Examples
    --------
    >>> from polytask import TaskSet
    >>> from polytask.cli._dependencies import with_dependencies
    >>> with_dependencies(TaskSet(["view", "click", "buy"]), ["buy=click,view"]).after("buy")
    ('click', 'view')
    """
    upstream: dict[str, list[str]] = {}
    for text in texts:
        task, names = _parted(text, tasks.names)
        if task not in tasks.names:
            guess = suggestion(task, tasks.names)
            raise UnknownNameError(f"--after names no task by {task!r}. {guess}")
        upstream.setdefault(task, []).extend(names)
    return TaskSet(
        replace(task, after=tuple(dict.fromkeys(upstream.get(task.name, task.after))))
        for task in tasks
    )


def _parted(text: str, tasks: Sequence[str]) -> tuple[str, list[str]]:
    """Task and upstream tasks; names may hold equals signs, and those of tasks win."""
    splits = [
        (text[:position], column_names([text[position + 1 :]], tasks))
        for position, character in enumerate(text)
        if character == "="
    ]
    splits = [(task, names) for task, names in splits if task and names]
    if not splits:
        sentence = f"--after must be written TASK=UPSTREAM, such as buy=click. Got {text!r}."
        raise ParameterError(sentence)
    return max(splits, key=lambda split: sum(name in tasks for name in (split[0], *split[1])))
