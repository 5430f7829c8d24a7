"""Preferences between tasks, as users give them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32

from polytask._listing import enumerated, first_names
from polytask._naming import public_classes, snake_case
from polytask._validation import Interval, describe, message
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["check_takes_preference", "normalised_preference"]

_SHARE = Interval(float, 0.0)


def check_takes_preference(takes_preference: bool) -> None:
    """Raise ParameterError with the models that take a preference unless this one does."""
    if takes_preference:
        return
    from polytask.architectures import Architecture  # which loads torch

    every = public_classes("polytask.architectures", Architecture)
    taking = [snake_case(name) for name, kind in every.items() if kind.takes_preference]
    sentence = (
        "The model takes no preference: its trade-off between tasks was fixed in training. "
        f"Leave out `preference`, or fit a model that takes one: {enumerated(taking)}."
    )
    raise ParameterError(sentence)


def normalised_preference(preference: object, tasks: TaskSet) -> Float32[np.ndarray, " n_tasks"]:
    """The preference of every task, in the order of the tasks, with sum 1.

    Raises
    ------
    UnknownNameError
        If a name is no task.
    ParameterError
        If a task has none, a number is negative or not finite, or all are 0.

    Examples
    --------
    >>> from polytask import TaskSet
    >>> from polytask.predictor._preference import normalised_preference
    >>> normalised_preference({"b": 3, "a": 1}, TaskSet(["a", "b"]))
    array([0.25, 0.75], dtype=float32)
    """
    if not isinstance(preference, Mapping):
        expected = "a mapping of task to number"
        remedy = f"The tasks are {first_names(tasks.names)}."
        raise ParameterError(message("predict", "preference", expected, preference, remedy))
    for name, share in preference.items():
        tasks.index(name)
        if not _SHARE.accepts(share):
            raise _bad(
                "must give every task a finite number of at least 0",
                f"{describe(share)} for {name!r}",
            )
    missing = [name for name in tasks.names if name not in preference]
    if missing:
        sentence = f"none for {first_names(missing)}"
        raise _bad(
            "must give every task of the model a number", sentence, "Give 0 to leave it out."
        )
    shares = np.array([float(preference[name]) for name in tasks.names])
    if not shares.any():
        raise _bad("must give a number above 0 to one task at least", "0 for all")
    shares /= shares.max()
    return (shares / shares.sum()).astype(np.float32)


def _bad(expected: str, got: str, remedy: str = "") -> ParameterError:
    sentence = f"The `preference` parameter of predict {expected}. Got {got} instead. {remedy}"
    return ParameterError(sentence.rstrip())
