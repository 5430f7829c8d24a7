"""Δm of two learners on the same rows: means of relative gains, intervals and p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from polytask.metrics import Metric, relative_gain
from polytask.statistics._answers import Answers
from polytask.statistics._jackknife import RunValues, jackknife, value_of
from polytask.statistics._student import half_width, levels, t_p_value
from polytask.statistics._units import count_units

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
        The geometric mean of the ratios, minus 1; None where a ratio is not positive.
    geometric_interval : (low, high) or None
    gains : mapping of task to float
        The tasks counted, each with its relative gain.
    left_out : mapping of task to str
        The others, each with its reason.
    n_units : int
        Units of the task that has the most.
    method : str
        How p was found.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    geometric: float | None = None
    geometric_interval: tuple[float, float] | None = None
    gains: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    n_units: int = 0
    method: str = ""


def paired_gain(
    ours: Mapping[str, Sequence[Answers]],
    theirs: Mapping[str, Sequence[Answers]],
    metrics: Mapping[str, Metric],
    *,
    level: float = 0.95,
    test_per_train: float | None = None,  # noqa: ARG001 - the split level follows
    seed: int = 0,  # noqa: ARG001 - the exchange test follows
) -> PairedGain:
    """Δm with its interval and p; units that several tasks share are exchanged for all of them.

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

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, paired_gain
    >>> from polytask.tasks import FittedTarget
    >>> truth, target = np.arange(8.0), FittedTarget(("y",), 1)
    >>> ours, theirs = (
    ...     {"y": [Answers(truth, (truth + error,), np.ones(8), np.arange(8), target)]}
    ...     for error in (np.linspace(0.5, 1.5, 8), np.linspace(1.0, 3.0, 8))
    ... )
    >>> round(paired_gain(ours, theirs, {"y": MAE()}).value, 6)
    0.5
    """
    gains: dict[str, float] = {}
    left_out: dict[str, str] = {}
    total: dict[int, float] = {}
    n_units = 0
    per_run: list[np.ndarray] = []
    for task, metric in metrics.items():
        mine, base = value_of(metric, ours[task]), value_of(metric, theirs[task])
        if mine.mean is None or not base.mean:
            left_out[task] = mine.undefined or base.undefined or "the baseline is 0"
            continue
        gains[task] = relative_gain(mine.mean, base.mean, metric)
        n_units = max(n_units, count_units(metric, ours[task]))
        sign = 1.0 if metric.greater_is_better else -1.0
        other = jackknife(metric, theirs[task])
        for unit, value in jackknife(metric, ours[task]).items():
            change = value / base.mean - mine.mean / base.mean**2 * other.get(unit, 0.0)
            total[unit] = total.get(unit, 0.0) + sign * change
        pairs = zip(mine.by_split[0], base.by_split[0], strict=False)
        per_run.append(np.array([relative_gain(a, b, metric) for a, b in pairs]))
    if not gains:
        return PairedGain(None, left_out=left_out)
    value = float(np.mean(list(gains.values())))
    share = {unit: change / len(gains) for unit, change in total.items()}
    runs = np.mean([one[: min(map(len, per_run))] for one in per_run], axis=0)
    noise = levels(share, RunValues(value, (), (tuple(runs),), None, ()))
    half = half_width(noise, level)
    ratios = np.array([1 + gain for gain in gains.values()])
    return PairedGain(
        value=value,
        interval=(value - half, value + half) if half < np.inf else None,
        p=t_p_value(value, noise),
        geometric=float(np.exp(np.log(ratios).mean()) - 1) if (ratios > 0).all() else None,
        gains=gains,
        left_out=left_out,
        n_units=n_units,
        method="paired t",
    )
