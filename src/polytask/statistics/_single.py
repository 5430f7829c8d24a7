"""A metric of one learner with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._jackknife import jackknife, value_of
from polytask.statistics._student import half_width, levels
from polytask.statistics._units import count_units

__all__ = ["Single", "single"]


@dataclass(frozen=True)
class Single:
    """A metric of one learner, averaged over runs and splits.

    Attributes
    ----------
    value : float or None
    interval : (low, high) or None
        None where units are too few to tell, such as one row of a regression.
    per_run : tuple of float or None
        Run by run, split by split.
    n_units : int
        See `count_units`.
    undefined : str or None
        Why there is no value, or in how many runs there is none.
    left_out : tuple of str
        Columns or classes that the value leaves out, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    per_run: tuple[float | None, ...] = ()
    n_units: int = 0
    undefined: str | None = None
    left_out: tuple[str, ...] = ()


def single(metric: Metric, answers: Sequence[Answers], *, level: float = 0.95) -> Single:
    """A metric, averaged over runs and splits, with an interval.

    Parameters
    ----------
    metric : Metric
    answers : sequence of Answers
        One per split.
    level : float

    Returns
    -------
    Single

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, single
    >>> from polytask.tasks import FittedTarget
    >>> truth = np.arange(10.0)
    >>> response = truth + np.tile([1.0, -2.0], 5)
    >>> answers = Answers(truth, (response,), np.ones(10), np.arange(10), FittedTarget(("y",), 1))
    >>> single(MAE(), [answers]).value
    1.5
    """
    value = value_of(metric, answers)
    n_units = count_units(metric, answers)
    if value.mean is None:
        return Single(None, None, value.per_run, n_units, value.undefined, value.left_out)
    noise = levels(jackknife(metric, answers), value)
    half = half_width(noise, level)
    low, high = value.mean - half, value.mean + half
    if metric.positive_scale:
        low = max(0.0, low)
    if metric.best is not None:
        low, high = (
            (low, min(metric.best, high))
            if metric.greater_is_better
            else (max(metric.best, low), high)
        )
    ends = (low, high) if half < float("inf") else None
    return Single(value.mean, ends, value.per_run, n_units, value.undefined, value.left_out)
