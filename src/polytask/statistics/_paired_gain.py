"""Δm of two learners on the same rows: means of relative gains, intervals and p."""

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
from polytask.statistics._units import counted, enough_units, fewest_units

__all__ = ["PairedGain", "paired_gain"]


@dataclass(frozen=True)
class PairedGain:
    """Mean relative gain over a baseline, with intervals.

    Attributes
    ----------
    value : float or None
        The arithmetic mean of the tasks' relative gains, a fraction.
    interval : (low, high) or None
    p : float or None
        Of “the two learners are exchangeable on all tasks”; None where units are too few.
    geometric : float or None
        The same from the geometric mean of the ratios of metrics; None where one of them is 0.
    geometric_interval : (low, high) or None
        None where units are too few for a p: exponentials of what is hardly known are absurd.
    gains : mapping of task to float
        The tasks counted, each with its relative gain.
    left_out : mapping of task to str
        The others, each with its reason.
    n_units : int
        Units that `count_units` counts in some task.
    too_few : str or None
        Why there is no p though there is a value.
    standard_error : float or None
        Of the arithmetic mean.
    degrees : float or None
        How well the standard error is known.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    geometric: float | None = None
    geometric_interval: tuple[float, float] | None = None
    gains: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    n_units: int = 0
    too_few: str | None = None
    standard_error: float | None = None
    degrees: float | None = None


def paired_gain(
    ours: Mapping[str, Sequence[Answers]],
    theirs: Mapping[str, Sequence[Answers]],
    metrics: Mapping[str, Metric],
    *,
    level: float = 0.95,
    test_per_train: float | None = None,
    seed: int = 0,
) -> PairedGain:
    r"""Δm with its interval and p; units that several tasks share are exchanged for all of them.

    Parameters
    ----------
    ours, theirs : mapping of task to sequence of Answers
        The learner's and the baseline's, one per split.
    metrics : mapping of task to Metric
        The metric that enters Δm, on a positive scale; the tasks of this mapping are counted.
    level, test_per_train, seed
        As in `paired`.

    Returns
    -------
    PairedGain

    Notes
    -----
    The exchange test is of the mean over tasks of :math:`\pm (A - B) / M`, where no exchange
    changes the scale :math:`M`: the metric of both models' rows together. Everything else is as in
    `paired`, with gains for metrics. Where all units add the same, as a few can by chance, their
    spread says nothing, and the interval is the mean of those that the tasks have by themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, paired_gain
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth, target = np.arange(8.0), FittedTarget(("y",))
    >>> ours, theirs = (
    ...     {
    ...         "y": [
    ...             Answers(truth, (truth + error,), np.ones(8), np.arange(8), target, Regression())
    ...         ]
    ...     }
    ...     for error in (np.linspace(0.5, 1.5, 8), np.linspace(1.0, 3.0, 8))
    ... )
    >>> round(paired_gain(ours, theirs, {"y": MAE()}).value, 6)
    0.5
    """
    found = {task: task_gain(metric, ours[task], theirs[task]) for task, metric in metrics.items()}
    left_out = {task: one for task, one in found.items() if isinstance(one, str)}
    counting = {task: one for task, one in found.items() if isinstance(one, TaskGain)}
    if not counting:
        return PairedGain(None, left_out=left_out)
    units = [counted(one).units for task in counting for one in ours[task]]
    n_units = len(np.unique(np.concatenate(units)))
    enough = enough_units(n_units)
    gains = Gains(tuple(counting.values()))
    exchanged = sum_of((1 / len(counting), one.added) for one in counting.values()).amounts
    changed = sum_of((one.ratio / len(counting), one.added) for one in counting.values()).amounts
    level_spread = _spread(exchanged, gains.relative, test_per_train)
    spread = _spread(changed, gains.arithmetic, test_per_train)
    geometric, geometric_interval = gains.geometric(level_spread, level)
    interval = _student(gains.value, spread, level)
    if flat(spread, changed):
        own = [paired(metrics[t], ours[t], theirs[t], level=level).interval for t in counting]
        interval = gains.from_differences(own)
        geometric_interval = geometric_interval if interval == (gains.value, gains.value) else None
    return PairedGain(
        value=gains.value,
        interval=interval,
        p=float(exchange_and_t(exchanged[None], level_spread, seed=seed)[0]) if enough else None,
        geometric=geometric,
        geometric_interval=geometric_interval if enough else None,
        gains={task: one.gain for task, one in counting.items()},
        left_out=left_out,
        n_units=n_units,
        too_few=None if enough else f"too few units: {n_units}, at least {fewest_units()} needed",
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
