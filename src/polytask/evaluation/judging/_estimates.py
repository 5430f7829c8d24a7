"""Values, differences and Δm with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from polytask.evaluation.judging._intervals import interval, p_value, seed_noise
from polytask.evaluation.judging._replicates import Replicates
from polytask.evaluation.running._records import MetricRecord
from polytask.evaluation.running._tuning import Measured, headlines
from polytask.metrics import Metric, MetricValue, delta_m
from polytask.tasks import TaskSet

__all__ = ["DeltaMEstimate", "Estimate", "delta_m_estimate", "difference", "estimate"]


@dataclass(frozen=True)
class Estimate:
    """A mean over runs, with its interval; or the reason why there is none.

    Attributes
    ----------
    value : float or None
    interval : (low, high) or None
    per_run : tuple of float or None
    spread : float or None
        Standard deviation over runs, from two runs on.
    undefined : str or None
        Why there is no value, or in how many runs there is none.
    left_out : tuple of str
        Columns or classes that the mean leaves out in some run, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    per_run: tuple[float | None, ...] = ()
    spread: float | None = None
    undefined: str | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeltaMEstimate:
    """Δm with its interval.

    Attributes
    ----------
    value : float or None
        A fraction.
    interval : (low, high) or None
    p : float or None
    tasks : tuple of str
        The tasks counted.
    left_out : mapping of task to str
        The other primary tasks, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    tasks: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def estimate(
    records: Sequence[MetricRecord], replicates: Float64[np.ndarray, " b"], metric: Metric
) -> Estimate:
    """One metric of one task of one candidate; its interval ends where the metric does."""
    per_run = _numbers(records)
    total = replicates + seed_noise(per_run, len(replicates))
    found = _estimate(per_run, total, _reason(records))
    left_out = tuple(dict.fromkeys(reason for record in records for reason in record.left_out))
    return replace(found, interval=_within(found.interval, metric), left_out=left_out)


def _within(ends: tuple[float, float] | None, metric: Metric) -> tuple[float, float] | None:
    """An interval without what the metric can never be."""
    if ends is None:
        return None
    least, most = 0.0 if metric.positive_scale else -np.inf, np.inf
    if metric.best is not None:
        least, most = (least, metric.best) if metric.greater_is_better else (metric.best, most)
    low, high = np.clip(ends, least, most)
    return float(low), float(high)


def difference(
    ours: Sequence[MetricRecord],
    theirs: Sequence[MetricRecord],
    our_replicates: Float64[np.ndarray, " b"],
    their_replicates: Float64[np.ndarray, " b"],
) -> tuple[Estimate, float | None]:
    """How much one candidate's metric lies above another's, and the p-value of “not at all”.

    In every replicate both are measured on the same rows.
    """
    per_run = _numbers(ours) - _numbers(theirs)
    total = our_replicates - their_replicates + seed_noise(per_run, len(our_replicates))
    found = _estimate(per_run, total, _reason(ours) or _reason(theirs))
    return found, None if found.value is None else p_value(total)


def _estimate(per_run: np.ndarray, replicates: np.ndarray, reason: str | None) -> Estimate:
    defined = per_run[np.isfinite(per_run)]
    shown = tuple(float(value) if np.isfinite(value) else None for value in per_run)
    if defined.size == 0:
        return Estimate(None, per_run=shown, undefined=reason or "undefined in every run")
    return Estimate(
        value=float(defined.mean()),
        interval=interval(replicates),
        per_run=shown,
        spread=float(defined.std(ddof=1)) if defined.size > 1 else None,
        undefined=None if defined.size == per_run.size else _partly(per_run, reason),
    )


def _partly(per_run: np.ndarray, reason: str | None) -> str:
    missing = int((~np.isfinite(per_run)).sum())
    return f"undefined in {missing} of {len(per_run)} runs ({reason})"


def _numbers(records: Sequence[MetricRecord]) -> np.ndarray:
    return np.array([np.nan if r.value is None else r.value for r in records], dtype=np.float64)


def _reason(records: Sequence[MetricRecord]) -> str | None:
    return next((record.undefined for record in records if record.value is None), None)


def delta_m_estimate(
    ours: Sequence[Measured],
    theirs: Sequence[Measured],
    our_replicates: Replicates,
    their_replicates: Replicates,
    tasks: TaskSet,
) -> DeltaMEstimate:
    """Δm over primary tasks, of metrics averaged over runs.

    Parameters
    ----------
    ours, theirs : sequence of measured values, one a run
    our_replicates, their_replicates : mapping of (task, metric) to replicates
    tasks : TaskSet
    """
    metrics = headlines(tasks.primary)
    point = delta_m(_means(ours, metrics), _means(theirs, metrics), metrics)
    if point.value is None:
        return DeltaMEstimate(None, left_out=dict(point.left_out))
    counted = {task: metrics[task] for task in point.tasks}
    gains = [
        _gain(our_replicates[task, m.name], their_replicates[task, m.name], m)
        for task, m in counted.items()
    ]
    runs = [
        _gain(_headline(ours, task, m), _headline(theirs, task, m), m)
        for task, m in counted.items()
    ]
    replicates = _mean(np.stack(gains))
    replicates += seed_noise(_mean(np.stack(runs)), len(replicates))
    return DeltaMEstimate(
        point.value, interval(replicates), p_value(replicates), point.tasks, dict(point.left_out)
    )


def _means(measured: Sequence[Measured], metrics: Mapping[str, Metric]) -> dict[str, MetricValue]:
    found: dict[str, MetricValue] = {}
    for task, metric in metrics.items():
        records = [run[task][metric.name] for run in measured]
        numbers = _numbers(records)
        defined = numbers[np.isfinite(numbers)]
        value = float(defined.mean()) if defined.size else None
        found[task] = MetricValue(value, None if defined.size else _reason(records))
    return found


def _headline(measured: Sequence[Measured], task: str, metric: Metric) -> np.ndarray:
    return _numbers([run[task][metric.name] for run in measured])


def _gain(ours: np.ndarray, theirs: np.ndarray, metric: Metric) -> np.ndarray:
    change = np.full(len(ours), np.nan)
    np.divide(ours - theirs, theirs, out=change, where=theirs != 0)
    return change if metric.greater_is_better else -change


def _mean(table: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is defined."""
    kept = np.isfinite(table)
    total, count = np.where(kept, table, 0.0).sum(axis=0), kept.sum(axis=0)
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
