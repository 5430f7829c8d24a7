"""Δm: mean relative gain over a baseline, over all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import overload

import numpy as np
from jaxtyping import Float

from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue

__all__ = ["DeltaM", "delta_m", "relative_gain"]


@dataclass(frozen=True)
class DeltaM:
    """Mean relative gain over a baseline.

    Attributes
    ----------
    value : float or None
        A fraction, not a percentage; None if no task could be counted.
    tasks : tuple of str
        The tasks counted.
    left_out : mapping of task to str
        The others, each with its reason.
    """

    value: float | None
    tasks: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


@overload
def relative_gain(value: float, baseline: float, metric: Metric) -> float: ...
@overload
def relative_gain(
    value: Float[np.ndarray, "*shape"], baseline: Float[np.ndarray, "*shape"], metric: Metric
) -> Float[np.ndarray, "*shape"]: ...
def relative_gain(
    value: float | Float[np.ndarray, "*shape"],
    baseline: float | Float[np.ndarray, "*shape"],
    metric: Metric,
) -> float | Float[np.ndarray, "*shape"]:
    """Relative change of a metric, positive where `value` is better than `baseline`.

    Parameters
    ----------
    value, baseline : float or array
    metric : Metric
        Says which direction is better.

    Returns
    -------
    float or array
        A fraction, not a percentage; NaN where the baseline is 0 or either side is NaN.

    Examples
    --------
    >>> from polytask.metrics import RMSE, relative_gain
    >>> relative_gain(0.75, 1.0, RMSE())
    0.25
    """
    below = np.asarray(baseline, dtype=np.float64)
    change = np.full(below.shape, np.nan)
    np.divide(np.asarray(value) - below, below, out=change, where=below != 0)
    gain = change if metric.greater_is_better else -change
    return gain if gain.ndim else float(gain)


def delta_m(
    values: Mapping[str, MetricValue],
    baseline: Mapping[str, MetricValue],
    metrics: Mapping[str, Metric],
) -> DeltaM:
    r"""Mean relative gain over a baseline, over the tasks that both sides cover.

    .. math:: \Delta_m = \frac1T \sum_{t=1}^T (-1)^{\ell_t} \frac{M_t - B_t}{B_t}

    with :math:`\ell_t = 1` where a lower metric is better [1]_.

    Parameters
    ----------
    values : mapping of task to MetricValue
        The learner's metrics; give primary tasks only.
    baseline : mapping of task to MetricValue
        Those of the single-task learner.
    metrics : mapping of task to Metric
        Each task's one metric, on a positive scale.

    Returns
    -------
    DeltaM

    References
    ----------
    .. [1] Maninis, Radosavovic & Kokkinos, *Attentive Single-Tasking of Multiple Tasks*,
       CVPR 2019.

    Examples
    --------
    >>> from polytask.metrics import RMSE, ROCAUC, MetricValue, delta_m
    >>> joint = {"price": MetricValue(0.75), "sold": MetricValue(0.875)}
    >>> single = {"price": MetricValue(1.0), "sold": MetricValue(0.5)}
    >>> delta_m(joint, single, {"price": RMSE(), "sold": ROCAUC()})
    DeltaM(value=0.5, tasks=('price', 'sold'), left_out={})
    """
    gains: dict[str, float] = {}
    left_out: dict[str, str] = {}
    absent = MetricValue(None, "not measured")
    for task in dict.fromkeys([*values, *baseline]):
        gain = _gain(values.get(task, absent), baseline.get(task, absent), metrics[task])
        if isinstance(gain, str):
            left_out[task] = gain
        else:
            gains[task] = gain
    value = sum(gains.values()) / len(gains) if gains else None
    return DeltaM(value, tuple(gains), left_out)


def _gain(ours: MetricValue, theirs: MetricValue, metric: Metric) -> float | str:
    """The relative gain, or why there is none."""
    if metric.no_headline is not None:
        return f"{metric.label} {metric.no_headline}, so that its relative change means nothing"
    if ours.value is None:
        return f"{metric.label}: {ours.undefined}"
    if theirs.value is None:
        return f"{metric.label} of the baseline: {theirs.undefined}"
    if theirs.value == 0:
        return f"{metric.label} of the baseline is 0, which has no relative change"
    return relative_gain(ours.value, theirs.value, metric)
