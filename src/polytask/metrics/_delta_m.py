"""How much better a learner is than its baseline, over all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


def relative_gain(value: float, baseline: float, metric: Metric) -> float:
    """Relative change of a metric, positive where `value` is better than `baseline`.

    Parameters
    ----------
    value, baseline : float
        Works on arrays too; a baseline of 0 has no relative change.
    metric : Metric
        Says which direction is better.

    Examples
    --------
    >>> from polytask.metrics import RMSE, relative_gain
    >>> relative_gain(0.75, 1.0, RMSE())
    0.25
    """
    change = (value - baseline) / baseline
    return change if metric.greater_is_better else -change


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
    for task in dict.fromkeys([*values, *baseline]):
        ours, theirs = values.get(task), baseline.get(task)
        reason = _reason(ours, theirs, metrics[task])
        if reason is not None:
            left_out[task] = reason
        elif ours is not None and theirs is not None:
            gains[task] = relative_gain(ours.value or 0.0, theirs.value or 0.0, metrics[task])
    value = sum(gains.values()) / len(gains) if gains else None
    return DeltaM(value, tuple(gains), left_out)


def _reason(ours: MetricValue | None, theirs: MetricValue | None, metric: Metric) -> str | None:
    """Why a task has no relative gain, if so."""
    if ours is None:
        return "not measured"
    if theirs is None:
        return "not measured in the baseline"
    if not metric.positive_scale:
        return f"{metric.label} crosses zero, so that its relative change means nothing"
    if ours.value is None:
        return f"{metric.label} is undefined: {ours.undefined}"
    if theirs.value is None:
        return f"{metric.label} of the baseline is undefined: {theirs.undefined}"
    if theirs.value == 0:
        return f"{metric.label} of the baseline is 0, which has no relative change"
    return None
