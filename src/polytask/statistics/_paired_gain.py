"""Comparison of two learners in Δm: mean relative gains, intervals and p-value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._exchange_and_t import exchange_and_t
from polytask.statistics._gains import Gains, TaskGain, task_gain
from polytask.statistics._paired import paired
from polytask.statistics._runs import sum_of
from polytask.statistics._spread import (
    Spread,
    flat,
    of_seeds,
    of_splits,
    of_units,
    tailed,
    with_seeds,
)
from polytask.statistics._units import counted_units, enough_units, fewest_units

__all__ = ["PairedGain", "paired_gain"]


@dataclass(frozen=True)
class PairedGain:
    """Mean relative gain over a baseline, with intervals.

    Attributes
    ----------
    value : float or None
        Arithmetic mean of the tasks' relative gains, as a fraction.
    interval : (low, high) or None
    p : float or None
        p-value of “the two learners are exchangeable on all tasks”; None with too few units.
    tested : float or None
        The mean over tasks whose p-value it is, with :math:`(A - B) / M` as below. Its sign says which
        learner p speaks for; that of `value` may be the other if tasks change by very different factors.
    geometric : float or None
        The gain from the geometric mean of the metrics' ratios; None if one of them is 0.
    geometric_interval : (low, high) or None
        None with too few units for a p: the exponential of a poor estimate is meaningless.
    gains : mapping of task to float
        Relative gain of each counted task.
    left_out : mapping of task to str
        Reason for each task that is not counted.
    n_units : int
        Number of units that `count_units` counts in any task.
    too_few : str or None
        Why there is a value but no p.
    standard_error : float or None
        Standard error of the arithmetic mean.
    degrees : float or None
        Degrees of freedom of the standard error.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    tested: float | None = None
    geometric: float | None = None
    geometric_interval: tuple[float, float] | None = None
    gains: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    n_units: int = 0
    too_few: str | None = None
    standard_error: float | None = None
    degrees: float | None = None


def paired_gain(
    learner: Mapping[str, Sequence[Answers]],
    baseline: Mapping[str, Sequence[Answers]],
    metrics: Mapping[str, Metric],
    *,
    level: float = 0.95,
    n_tests: int = 1,
    test_per_train: float | None = None,
    seed: int = 0,
) -> PairedGain:
    r"""Δm with its interval and p-value; units that tasks share are exchanged in all of them.

    Parameters
    ----------
    learner, baseline : mapping of task to sequence of Answers
        Answers of the learner and of the baseline, one per split.
    metrics : mapping of task to Metric
        Metric per task for Δm, on a positive scale; the tasks of this mapping are counted.
    level, test_per_train, seed
        As in `paired`.
    n_tests : int
        Number of such tests together, over which p must be able to pass Holm's correction.

    Returns
    -------
    PairedGain

    Notes
    -----
    The exchange test is of the mean over tasks of :math:`\pm (A - B) / M`, where the scale
    :math:`M`, the metric over both models' rows, is the same after any exchange. Everything else
    is as in `paired`, with gains in place of metrics. If all units contribute equally, as a few
    can by chance, their spread is uninformative, and the interval is the mean of the tasks' own
    intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, paired_gain
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth, target = np.arange(8.0), FittedTarget(("y",))
    >>> learner, baseline = (
    ...     {
    ...         "y": [
    ...             Answers(truth, (truth + error,), np.ones(8), np.arange(8), target, Regression())
    ...         ]
    ...     }
    ...     for error in (np.linspace(0.5, 1.5, 8), np.linspace(1.0, 3.0, 8))
    ... )
    >>> round(paired_gain(learner, baseline, {"y": MAE()}).value, 6)
    0.5
    """
    results = {task: task_gain(metrics[task], learner[task], baseline[task]) for task in metrics}
    left_out = {task: reason for task, reason in results.items() if isinstance(reason, str)}
    counted = {task: gain for task, gain in results.items() if isinstance(gain, TaskGain)}
    if not counted:
        return PairedGain(None, left_out=left_out)
    units = [counted_units(answers).units for task in counted for answers in learner[task]]
    n_units = len(np.unique(np.concatenate(units)))
    enough = enough_units(n_units, n_tests)
    gains = Gains(tuple(counted.values()))
    exchanged = sum_of((1 / len(counted), gain.contributions) for gain in counted.values()).amounts
    changed = sum_of(
        (gain.ratio / len(counted), gain.contributions) for gain in counted.values()
    ).amounts
    level_spread = _spread(exchanged, gains.relative, test_per_train)
    spread = _spread(changed, gains.arithmetic, test_per_train)
    geometric, geometric_interval = gains.geometric(level_spread, level)
    interval = _student(gains.value, spread, level)
    if flat(spread, changed):
        own = [paired(metrics[t], learner[t], baseline[t], level=level).interval for t in counted]
        interval = gains.from_differences(own)
        geometric_interval = geometric_interval if interval == (gains.value, gains.value) else None
    return PairedGain(
        value=gains.value,
        interval=interval,
        p=float(exchange_and_t(exchanged[None], level_spread, n_tests, seed)[0])
        if enough
        else None,
        tested=float(exchanged.sum()),
        geometric=geometric,
        geometric_interval=geometric_interval if enough else None,
        gains={task: gain.gain for task, gain in counted.items()},
        left_out=left_out,
        n_units=n_units,
        too_few=None
        if enough
        else f"too few units: {n_units}, at least {fewest_units(n_tests)} needed",
        standard_error=float(spread.error) if spread.known else None,
        degrees=float(spread.degrees) if spread.known else None,
    )


def _student(value: float, spread: Spread, level: float) -> tuple[float, float] | None:
    if not spread.known:
        return None
    half = float(spread.half_width(level))
    return value - half, value + half


def _spread(
    amounts: np.ndarray, by_split: Sequence[Sequence[float]], test_per_train: float | None
) -> Spread:
    units = tailed(of_units(amounts), amounts)
    if len(by_split) < 2:
        return with_seeds(units, of_seeds(by_split))
    splits = of_splits([float(np.mean(runs)) for runs in by_split], test_per_train)
    return Spread(np.maximum(splits.variance, units.variance), splits.degrees)
