"""Estimate of one learner's metric, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._contributions import value_of
from polytask.statistics._mean_interval import mean_interval
from polytask.statistics._runs import Runs, mean_contributions, over_runs, units_per_split
from polytask.statistics._share_metrics import share_of
from polytask.statistics._spread import of_seeds, of_units, with_seeds, within_splits
from polytask.statistics._units import count_units
from polytask.statistics._wilson import wilson

__all__ = ["Single", "single"]


@dataclass(frozen=True)
class Single:
    """A learner's metric, averaged over runs and splits.

    Attributes
    ----------
    value : float or None
    interval : (low, high) or None
        None if there are too few units, such as one row of a regression.
    per_run : tuple of float or None
        Values per split and run.
    n_units : int
        See `count_units`.
    undefined : str or None
        Why there is no value, or in how many runs it is undefined.
    left_out : tuple of str
        Columns or classes left out of the value, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    per_run: tuple[float | None, ...] = ()
    n_units: int = 0
    undefined: str | None = None
    left_out: tuple[str, ...] = ()


def single(metric: Metric, answers: Sequence[Answers], *, level: float = 0.95) -> Single:
    """Estimate a metric, averaged over runs and splits, with an interval.

    The interval covers new units, and new seeds if there are several: Wilson's for metrics between
    0 and 1, otherwise Student's corrected for skewness, on the scale on which the metric is a
    mean. Differences in difficulty between splits do not widen it.

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
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth = np.arange(10.0)
    >>> response = truth + np.tile([1.0, -2.0], 5)
    >>> target = FittedTarget(("y",))
    >>> answers = Answers(truth, (response,), np.ones(10), np.arange(10), target, Regression())
    >>> single(MAE(), [answers]).value
    1.5
    """
    values = [
        [value_of(metric, split, run) for run in range(len(split.responses))] for split in answers
    ]
    runs = over_runs(values)
    estimate = Single(
        runs.mean, None, runs.per_run, count_units(answers), runs.undefined, runs.left_out
    )
    return (
        estimate
        if runs.mean is None
        else replace(estimate, interval=_interval(metric, answers, runs, level))
    )


def _interval(
    metric: Metric, answers: Sequence[Answers], runs: Runs, level: float
) -> tuple[float, float] | None:
    if metric.is_share:
        low, high = wilson(share_of(metric, answers, runs), level)
        return float(low), float(high)
    amounts = mean_contributions(metric, answers).amounts
    units = within_splits(of_units(amounts), len(amounts), units_per_split(metric, answers))
    spread = with_seeds(units, of_seeds(runs.by_split))
    if not spread.known:
        return None
    low, high = mean_interval(metric, float(np.mean(runs.means)), amounts, spread, level)
    return float(low), float(high)
