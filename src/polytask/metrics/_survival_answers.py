"""Truth and response of tasks of times to an event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._metric import Part
from polytask.tasks import FittedTarget

__all__ = ["check_survival_answers", "survival_parts"]


def survival_parts(truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> Iterator[Part]:
    """The one part: times, events and curves.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._survival_answers import survival_parts
    >>> from polytask.tasks import FittedTarget
    >>> ((name, truth, _),) = survival_parts(
    ...     np.array([[3.0, 1.0]]), np.array([[0.5]]), FittedTarget(("months", "died"))
    ... )
    >>> name, truth
    ("columns 'months' and 'died'", array([[3., 1.]]))
    """
    time, event = fitted.columns
    yield f"columns {time!r} and {event!r}", truth, response


def check_survival_answers(
    owner: str, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
) -> None:
    """Raise unless truth is times and events, and the response has a share for each cut."""
    if truth.shape[1:] != (2,):
        raise ParameterError(
            message(owner, "truth", "times and events, of shape (n, 2)", truth.shape)
        )
    n_cuts = len(fitted.learned["cuts"])
    if response.shape[1:] != (n_cuts,):
        expected = f"survival curves of shape (n, {n_cuts})"
        raise ParameterError(message(owner, "response", expected, response.shape))
