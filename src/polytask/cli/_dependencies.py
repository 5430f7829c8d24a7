"""Dependencies between tasks, ``--after TASK=UPSTREAM``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polytask._naming import suggestion
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
        for task, names in _pairs(text, tasks.names):
            if task not in tasks.names:
                guess = suggestion(task, tasks.names)
                raise UnknownNameError(f"--after names no task by {task!r}. {guess}")
            upstream.setdefault(task, []).extend(names)
    return TaskSet(
        replace(task, after=tuple(dict.fromkeys(upstream.get(task.name, task.after))))
        for task in tasks
    )


def _pairs(text: str, tasks: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Tasks and their upstream tasks; after a comma another ``TASK=UPSTREAM`` may follow."""
    task, names = _parted(text, tasks)
    pairs = [(task, [names[0]])]
    for name in names[1:]:
        if name in tasks or "=" not in name:
            pairs[-1][1].append(name)
        else:
            pairs.append(_parted(name, tasks))
    return pairs


def _parted(text: str, tasks: Sequence[str]) -> tuple[str, list[str]]:
    """Task and upstream tasks; names may hold equals signs, and those of tasks win."""
    splits = [
        (text[:position], _listed(text[position + 1 :], tasks))
        for position, character in enumerate(text)
        if character == "="
    ]
    splits = [(task, names) for task, names in splits if task and names]
    if not splits:
        sentence = f"--after must be written TASK=UPSTREAM, such as buy=click. Got {text!r}."
        raise ParameterError(sentence)
    return max(splits, key=lambda split: sum(name in tasks for name in (split[0], *split[1])))


def _listed(text: str, tasks: Sequence[str]) -> list[str]:
    """Names with commas; a task's whole name wins."""
    parts = [text] if text in tasks else text.split(",")
    return [part.strip() for part in parts if part.strip()]
