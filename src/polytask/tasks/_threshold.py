"""Thresholds of decisions: the probability above which an event is decided for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from polytask.tasks._fitted_target import FittedTarget

__all__ = ["above_thresholds", "accepts_thresholds", "thresholds_of", "with_thresholds"]

_NAME = "threshold"


def thresholds_of(fitted: FittedTarget) -> tuple[float, ...]:
    """Thresholds of a target's events, one per column; empty where they are one half.

    Examples
    --------
    >>> from polytask.tasks import FittedTarget, thresholds_of, with_thresholds
    >>> target = FittedTarget(("fraud",), ("no", "yes"))
    >>> thresholds_of(target), thresholds_of(with_thresholds(target, (0.2,)))
    ((), (0.2,))
    """
    return fitted.learned.get(_NAME, ())


def with_thresholds(fitted: FittedTarget, thresholds: Sequence[float]) -> FittedTarget:
    """The same target with these thresholds; without any, as it was fitted.

    Parameters
    ----------
    fitted : FittedTarget
    thresholds : sequence of float in (0, 1)
        One per column, or none.
    """
    learned = {name: numbers for name, numbers in fitted.learned.items() if name != _NAME}
    if len(thresholds):
        learned[_NAME] = tuple(float(threshold) for threshold in thresholds)
    return replace(fitted, learned=learned)


def above_thresholds(
    response: Float[np.ndarray, " n *columns"], fitted: FittedTarget
) -> Bool[np.ndarray, " n *columns"]:
    """Which events are decided for: those of a probability above the threshold, or one half.

    Parameters
    ----------
    response : array of shape (n,) or (n, n_columns)
    fitted : FittedTarget
    """
    thresholds = thresholds_of(fitted)
    level = np.array(thresholds if len(thresholds) != 1 else thresholds[0]) if thresholds else 0.5
    return np.asarray(response > level)


def accepts_thresholds(fitted: FittedTarget) -> bool:
    """Whether the thresholds of a target from a file, if there are any, are one per column."""
    thresholds = thresholds_of(fitted)
    return not thresholds or (
        len(thresholds) == len(fitted.columns)
        and all(0 < threshold < 1 for threshold in thresholds)
    )
