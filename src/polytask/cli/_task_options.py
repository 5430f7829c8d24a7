"""``TASK=VALUE`` on the command line → what `read` takes for single tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from polytask.cli._settings import DataSettings
from polytask.exceptions import ParameterError

__all__ = ["row_weight", "task_options"]

_BALANCED = "balanced"


def row_weight(words: Sequence[str], columns: Collection[str]) -> Any:
    """What ``--weight COLUMN`` and ``--weight TASK=COLUMN`` mean: a column, or one for each task.

    A column whose name holds an equals sign wins over the other reading.

    Examples
    --------
    >>> from polytask.cli._task_options import row_weight
    >>> row_weight(["w"], ["w", "v"]), row_weight(["w", "rich=v"], ["w", "v"])
    ('w', {None: 'w', 'rich': 'v'})
    """
    found: dict[str | None, str] = {}
    for word in words:
        task, column = None, word
        if word not in columns and "=" in word:
            task, column = _parted(word, columns)
        if task in found:
            what = "the row weights" if task is None else f"the row weights of {task}"
            sentence = f"--weight names {what} twice, {found[task]} and {column}. Leave out one."
            raise ParameterError(sentence)
        found[task] = column
    return found[None] if list(found) == [None] else found or None


def task_options(options: DataSettings) -> dict[str, Any]:
    """The arguments of `read` for ``--task-weight``, ``--class-weight`` and ``--metric``."""
    return {
        "task_weight": _task_weights(options.task_weight),
        "class_weight": _class_weights(options.class_weight),
        "metric": _metrics(options.metric),
    }


def _task_weights(words: Sequence[str]) -> dict[str, float] | None:
    found = {}
    for word in words:
        task, equals, number = word.rpartition("=")
        try:
            found[task] = float(number)
        except ValueError:
            equals = ""
        if not equals:
            raise ParameterError(f"--task-weight must be written TASK=2. Got {word!r}.")
    return found or None


def _class_weights(words: Sequence[str]) -> Any:
    found: dict[str, Any] = {}
    for word in words:
        task, equals, weights = word.partition("=")
        if not equals:
            if len(words) == 1 and word == _BALANCED:
                return word
            raise ParameterError(_class_weight_form(word))
        found[task] = weights if weights == _BALANCED else _of_classes(weights, word)
    return found or None


def _of_classes(text: str, word: str) -> dict[str, float]:
    found = {}
    for part in text.split(","):
        label, _, number = part.rpartition(":")
        try:
            found[label.strip()] = float(number)
        except ValueError as error:
            raise ParameterError(_class_weight_form(word)) from error
    return found


def _class_weight_form(word: str) -> str:
    return (
        "--class-weight must be written TASK=balanced, TASK=CLASS:WEIGHT,CLASS:WEIGHT, or "
        f"balanced for all tasks with classes. Got {word!r}."
    )


def _metrics(words: Sequence[str]) -> Any:
    found: dict[str, list[str]] = {}
    for word in words:
        task, _, names = word.rpartition("=")
        found.setdefault(task, []).extend(name.strip() for name in names.split(",") if name.strip())
    if "" in found and len(found) > 1:
        sentence = (
            "--metric must name metrics for all tasks, or for single tasks by TASK=NAME. "
            f"Got {', '.join(map(repr, words))}."
        )
        raise ParameterError(sentence)
    return found.get("", found or None)


def _parted(word: str, columns: Collection[str]) -> tuple[str, str]:
    """What stands before and after an equals sign: the first that leaves a column after it."""
    places = [place for place, character in enumerate(word) if character == "="]
    for place in places:
        if word[place + 1 :] in columns:
            return word[:place], word[place + 1 :]
    task, _, column = word.partition("=")
    return task, column
