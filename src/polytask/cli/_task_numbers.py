"""Numbers by task, ``TASK=NUMBER`` with commas."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.exceptions import ParameterError

__all__ = ["task_numbers"]


def task_numbers(option: str, texts: Sequence[str], tasks: Sequence[str]) -> dict[str, float]:
    """The number of each task that an option names.

    Parameters
    ----------
    option : str
        Its name, for errors.
    texts : sequence of str
        Each with one or more ``TASK=NUMBER``, with commas between them.
    tasks : sequence of str
        Names that may be meant; they may hold commas and equals signs.

    Raises
    ------
    ParameterError
        If a text is written otherwise, or a task is named twice.

    Examples
    --------
    >>> from polytask.cli._task_numbers import task_numbers
    >>> task_numbers("--preference", ["income=0.7,a,b=3"], ["income", "a,b"])
    {'income': 0.7, 'a,b': 3.0}
    """
    numbers: dict[str, float] = {}
    for text in texts:
        begun = ""
        for piece in text.split(","):
            task, equals, number = f"{begun}{piece}".rpartition("=")
            value = _number(number) if equals else None
            if value is None or (begun and task.strip() not in tasks):
                begun = f"{begun}{piece},"
                continue
            task, begun = task.strip(), ""
            if task in numbers:
                raise ParameterError(f"{option} names {task} twice. Leave out one.")
            numbers[task] = value
        if begun:
            example = ",".join(f"{name}=1" for name in tasks[:2])
            sentence = f"{option} must be written TASK=NUMBER, such as {example}. Got {text!r}."
            raise ParameterError(sentence)
    return numbers


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
