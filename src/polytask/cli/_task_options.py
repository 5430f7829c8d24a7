"""Arguments of `read` per task, from ``TASK=VALUE`` on the command line."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from polytask.cli._by_task import named_by_task
from polytask.cli._settings import DataSettings
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["chosen_thresholds", "loss_of_all", "row_weight", "task_options"]

_BALANCED = "balanced"


def row_weight(texts: Sequence[str], columns: Collection[str]) -> Any:
    """Parse ``--weight COLUMN`` and ``--weight TASK=COLUMN``: a column, or one per task.

    A column whose name holds an equals sign wins over the other reading.

    Examples
    --------
    >>> from polytask.cli._task_options import row_weight
    >>> row_weight(["w"], ["w", "v"]), row_weight(["w", "rich=v"], ["w", "v"])
    ('w', {None: 'w', 'rich': 'v'})
    """
    columns_by_task: dict[str | None, str] = {}
    for text in texts:
        task, column = None, text
        if text not in columns and "=" in text:
            task, column = _parted(text, columns)
        if task in columns_by_task:
            what = "the row weights" if task is None else f"the row weights of {task}"
            sentence = (
                f"--weight names {what} twice, {columns_by_task[task]} and {column}. Leave out one."
            )
            raise ParameterError(sentence)
        columns_by_task[task] = column
    return columns_by_task[None] if list(columns_by_task) == [None] else columns_by_task or None


def task_options(options: DataSettings) -> dict[str, Any]:
    """Arguments of `read` from the options on weights, metrics and losses of tasks."""
    losses = _losses(options.loss)
    return {
        "task_weight": _task_weights(options.task_weight),
        "class_weight": _class_weights(options.class_weight),
        "metric": _metrics(options.metric),
        "loss": None if "" in losses else losses or None,
        "threshold": _thresholds(options.threshold),
    }


def loss_of_all(options: DataSettings) -> str | None:
    """The name after ``--loss`` that is about all tasks that it serves, if there is one."""
    return _losses(options.loss).get("")


def _task_weights(texts: Sequence[str]) -> dict[str, float] | None:
    weights = {}
    for text in texts:
        task, equals, number = text.rpartition("=")
        try:
            weights[task] = float(number)
        except ValueError:
            equals = ""
        if not equals:
            raise ParameterError(f"--task-weight must be written TASK=2. Got {text!r}.")
        if not 0 < weights[task] < math.inf:
            raise ParameterError(f"--task-weight must be a number above 0. Got {text!r}.")
    return weights or None


def _class_weights(texts: Sequence[str]) -> Any:
    by_task: dict[str, Any] = {}
    for text in texts:
        task, equals, weights = text.partition("=")
        if not equals:
            if len(texts) == 1 and text == _BALANCED:
                return text
            raise ParameterError(_class_weight_form(text))
        by_task[task] = weights if weights == _BALANCED else _of_classes(weights, text)
    return by_task or None


def _of_classes(text: str, word: str) -> dict[str, float]:
    weights = {}
    for part in text.split(","):
        label, colon, number = part.rpartition(":")
        if not colon:
            raise ParameterError(_class_weight_form(word))
        try:
            weights[label.strip()] = float(number)
        except ValueError as error:
            raise ParameterError(_class_weight_form(word)) from error
    return weights


def _class_weight_form(word: str) -> str:
    return (
        "--class-weight must be written TASK=balanced, TASK=CLASS:WEIGHT,CLASS:WEIGHT, or "
        f"balanced for all tasks with classes. Got {word!r}."
    )


def _metrics(texts: Sequence[str]) -> Any:
    names_by_task: dict[str, list[str]] = {}
    for text in texts:
        task, names = named_by_task(text)
        if not names:
            raise ParameterError(f"--metric must be written NAME or TASK=NAME. Got {text!r}.")
        names_by_task.setdefault(task, []).extend(names)
    if "" in names_by_task and len(names_by_task) > 1:
        sentence = (
            "--metric must name metrics for all tasks, or for single tasks by TASK=NAME. "
            f"Got {', '.join(map(repr, texts))}."
        )
        raise ParameterError(sentence)
    return names_by_task.get("", names_by_task or None)


def _thresholds(texts: Sequence[str]) -> Any:
    given: dict[str, Any] = {}
    for text in texts:
        task, _, word = text.rpartition("=")
        if not word.strip():
            sentence = f"--threshold must be written METRIC, NUMBER or TASK=METRIC. Got {text!r}."
            raise ParameterError(sentence)
        if task in given:
            whose = f"the threshold of {task}" if task else "the threshold of all tasks"
            sentence = f"--threshold names {whose} twice, {given[task]} and {word}. Leave out one."
            raise ParameterError(sentence)
        given[task] = _number_or_name(word.strip())
    if "" in given and len(given) > 1:
        sentence = (
            "--threshold must be one for all tasks, or one for each task named by TASK=METRIC. "
            f"Got {', '.join(map(repr, texts))}."
        )
        raise ParameterError(sentence)
    return given.get("", given or None)


def chosen_thresholds(texts: Sequence[str], tasks: TaskSet) -> dict[str, float]:
    """The thresholds at which a saved model predicts, by task.

    Parameters
    ----------
    texts : sequence of str
        ``TASK=NUMBER``, or one number for all tasks whose decisions have a threshold.
    tasks : TaskSet

    Raises
    ------
    ParameterError
        If a text is written otherwise, or no task has a threshold.
    """
    given = _thresholds(texts)
    by_task: dict[str, Any] = given if isinstance(given, dict) else {"": given}
    for task, value in by_task.items():
        if isinstance(value, str):
            sentence = (
                f"A saved model takes numbers, such as --threshold {task or tasks.names[0]}=0.3. Got "
                f"{value!r}. A metric chooses one on validation rows, when the model is fitted."
            )
            raise ParameterError(sentence)
    if "" not in by_task:
        return by_task
    deciding = [task.name for task in tasks if task.known_kind.takes_threshold]
    if not deciding:
        sentence = (
            "--threshold is about tasks of two classes or several labels, and the model has none. "
            "Leave it out."
        )
        raise ParameterError(sentence)
    return dict.fromkeys(deciding, by_task[""])


def _number_or_name(word: str) -> float | str:
    try:
        number = float(word)
    except ValueError:
        return word
    if not 0 < number < 1:
        raise ParameterError(f"--threshold must be a number between 0 and 1. Got {word!r}.")
    return number


def _losses(texts: Sequence[str]) -> dict[str, str]:
    """Names by task; alone, and about all tasks, by an empty name."""
    losses: dict[str, str] = {}
    for text in texts:
        task, names = named_by_task(text)
        if not names:
            raise ParameterError(f"--loss must be written NAME or TASK=NAME. Got {text!r}.")
        if task in losses:
            whose = f"the loss of {task}" if task else "the loss of all tasks"
            sentence = (
                f"--loss names {whose} twice, {losses[task]} and {','.join(names)}. Leave out one."
            )
            raise ParameterError(sentence)
        losses[task] = ",".join(names)
    if "" in losses and len(losses) > 1:
        sentence = (
            "--loss must name the loss of all tasks, or of single tasks by TASK=NAME. "
            f"Got {', '.join(map(repr, texts))}."
        )
        raise ParameterError(sentence)
    return losses


def _parted(word: str, columns: Collection[str]) -> tuple[str, str]:
    """Split at the first equals sign that is followed by the name of a column."""
    positions = [position for position, character in enumerate(word) if character == "="]
    for position in positions:
        if word[position + 1 :] in columns:
            return word[:position], word[position + 1 :]
    task, _, column = word.partition("=")
    return task, column
