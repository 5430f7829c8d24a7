"""Preferences between tasks, as users give them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32

from polytask._listing import first_names
from polytask._validation import Interval, describe, message
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["normalised_preference"]

_SHARE = Interval(float, 0.0)


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
                "must give every task a number of at least 0", f"{describe(share)} for {name!r}"
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
