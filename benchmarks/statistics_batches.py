"""Pairs of learners tested and given intervals, many studies at once.

The formulas are those that `polytask.statistics.paired` and `single` use; `check` holds the two
against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from statistics_draws import Drawn, kind_of, target_of

from polytask.metrics import Metric
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.statistics import Answers, fewest_units, paired, single
from polytask.statistics._bonett_price import bonett_price
from polytask.statistics._exchange_and_t import exchange_and_t
from polytask.statistics._mean_interval import mean_interval
from polytask.statistics._newcombe import newcombe
from polytask.statistics._share_metrics import over_units
from polytask.statistics._spread import Spread, of_seeds, of_units, tailed, with_seeds
from polytask.statistics._wilson import Share, wilson

__all__ = ["Batch", "amounts_of_difference", "check", "judge"]

_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Batch:
    """What many studies say.

    Attributes
    ----------
    defined : array of shape (studies,)
        Whether both learners' metrics have a value.
    p : array of shape (studies,)
        NaN where there is none.
    value, low, high : array of shape (studies,)
        Of the difference.
    single, single_low, single_high : array of shape (studies,)
        Of our metric.
    units : array of shape (studies,)
        What `count_units` counts.
    """

    defined: np.ndarray
    p: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    single: np.ndarray
    single_low: np.ndarray
    single_high: np.ndarray
    units: np.ndarray


def judge(
    metric: Metric, drawn: Drawn, *, n_tasks: int = 1, intervals: bool = True, seed: int = 0
) -> Batch:
    """Test every study, and find its intervals."""
    classes = bool(target_of(metric).classes)
    rarer = _rarer(drawn.truth) if classes else np.ones(drawn.truth.shape, dtype=np.bool_)
    units, effective = _units(rarer, drawn.starts)
    varies = drawn.truth.min(axis=1) < drawn.truth.max(axis=1)
    defined = varies if classes and not isinstance(metric, RowwiseMetric) else varies | True
    ours, theirs = (
        [measured(metric, drawn.truth, run, defined) for run in side]
        for side in (drawn.ours, drawn.theirs)
    )
    per_run = [one - other for (one, _), (other, _) in zip(ours, theirs, strict=True)]
    differences = [
        amounts_of_difference(metric, drawn.truth, *runs, defined)
        for runs in zip(drawn.ours, drawn.theirs, strict=True)
    ]
    amounts = _by_unit(np.mean(differences, axis=0), drawn.starts)
    seeds = of_seeds([per_run])
    spread = with_seeds(_of_units(metric, amounts, drawn), seeds)
    possible = defined & (units >= fewest_units(n_tasks))
    p = np.full(len(amounts), np.nan)
    if possible.any():
        p[possible] = exchange_and_t(amounts[possible], _at(spread, possible), n_tasks, seed)
    value = np.mean(per_run, axis=0)
    nothing = np.full(len(p), np.nan)
    if not intervals:
        return Batch(defined, p, value, *[nothing] * 5, units)
    ours_share, theirs_share = (
        _share(metric, side, effective, drawn.starts) for side in (ours, theirs)
    )
    if metric.zero_one:
        low, high = bonett_price(amounts, seeds, _LEVEL)
    elif metric.is_share:
        added = [one - other for (_, one), (_, other) in zip(ours, theirs, strict=True)]
        between = over_units(_by_unit(np.mean(added, axis=0), drawn.starts), effective)
        low, high = newcombe(ours_share, theirs_share, with_seeds(between, seeds), _LEVEL)
    else:
        half = spread.half_width(_LEVEL)
        low, high = value - half, value + half
    if metric.is_share:
        ends = wilson(ours_share, _LEVEL)
    else:
        alone = _by_unit(np.mean([added for _, added in ours], axis=0), drawn.starts)
        of_ours = with_seeds(of_units(alone), of_seeds([[one for one, _ in ours]]))
        ends = mean_interval(metric, ours_share.value, alone, of_ours, _LEVEL)
    return Batch(defined, p, value, low, high, ours_share.value, *ends, units)


def _of_units(metric: Metric, amounts: np.ndarray, drawn: Drawn) -> Spread:
    if not metric.is_share:
        return tailed(of_units(amounts), amounts)
    by_class = metric.within_classes and drawn.starts is None
    return of_units(amounts, drawn.truth == 1 if by_class else None)


def _at(spread: Spread, chosen: np.ndarray) -> Spread:
    return Spread(
        np.broadcast_to(spread.variance, chosen.shape)[chosen],
        np.broadcast_to(spread.degrees, chosen.shape)[chosen],
    )


def _share(
    metric: Metric,
    side: list[tuple[np.ndarray, np.ndarray]],
    effective: np.ndarray,
    starts: np.ndarray | None,
) -> Share:
    values, amounts = [value for value, _ in side], np.mean([added for _, added in side], axis=0)
    if metric.zero_one:
        _, effective = _units(np.ones(amounts.shape, dtype=np.bool_), starts)
    spread = with_seeds(over_units(_by_unit(amounts, starts), effective), of_seeds([values]))
    return Share(np.mean(values, axis=0), spread, effective)


def measured(
    metric: Metric, truth: np.ndarray, response: np.ndarray, defined: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Values (studies,), and what each row adds to them (studies, n)."""
    n, target = truth.shape[1], target_of(metric)
    if isinstance(metric, RowwiseMetric):
        numbers = metric.rowwise(truth.ravel(), response.ravel(), target).reshape(truth.shape)
        mean = numbers.mean(axis=1, keepdims=True)
        return metric.finish(mean[:, 0]), (numbers - mean) / n * _slope(metric, mean)
    values, amounts, weight = np.full(len(truth), np.nan), np.zeros(truth.shape), np.ones(n)
    for study in np.flatnonzero(defined):
        ranked = metric.comparable(response[study])
        values[study] = metric.measure(truth[study], ranked, weight, target).value
        amounts[study] = metric.influence(truth[study], ranked, weight, target)
    return values, amounts


def amounts_of_difference(
    metric: Metric, truth: np.ndarray, ours: np.ndarray, theirs: np.ndarray, defined: np.ndarray
) -> np.ndarray:
    """What each row adds to the difference (studies, n)."""
    n, target = truth.shape[1], target_of(metric)
    if isinstance(metric, RowwiseMetric):
        one, other = (
            metric.rowwise(truth.ravel(), side.ravel(), target).reshape(truth.shape)
            for side in (ours, theirs)
        )
        pooled = (one + other).mean(axis=1, keepdims=True) / 2
        return (one - other) / n * _slope(metric, pooled)
    amounts, weight = np.zeros(truth.shape), np.ones(2 * n)
    for study in np.flatnonzero(defined):
        both = [metric.comparable(side[study]) for side in (ours, theirs)]
        twice = np.concatenate([truth[study], truth[study]])
        found = metric.influence(twice, np.concatenate(both), weight, target)
        amounts[study] = 2 * (found[:n] - found[n:])
    return amounts


def _slope(metric: RowwiseMetric, mean: np.ndarray) -> np.ndarray:
    return metric.finish(mean) ** (1 - metric.power) / metric.power


def _rarer(truth: np.ndarray) -> np.ndarray:
    positives = truth.sum(axis=1, keepdims=True)
    return truth == (positives <= truth.shape[1] - positives)


def _by_unit(amounts: np.ndarray, starts: np.ndarray | None) -> np.ndarray:
    return amounts if starts is None else np.add.reduceat(amounts, starts, axis=1)


def _units(carries: np.ndarray, starts: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """How many units have such rows, and how many of equal size carry as much."""
    rows = _by_unit(carries.astype(np.float64), starts)
    total = rows.sum(axis=1)
    return (rows > 0).sum(axis=1), total**2 / np.maximum(np.square(rows).sum(axis=1), 1)


def check(metric: Metric, drawn: Drawn, batch: Batch, n_tasks: int, studies: int = 10) -> None:
    """The first studies, one by one, by the functions that users call."""
    n = drawn.truth.shape[1]
    units = np.arange(n)
    if drawn.starts is not None:
        units = np.repeat(np.arange(len(drawn.starts)), np.diff(np.append(drawn.starts, n)))
    target, kind = target_of(metric), kind_of(metric)
    for study in range(min(studies, len(drawn.truth))):
        ours, theirs = (
            Answers(drawn.truth[study], tuple(side[:, study]), np.ones(n), units, target, kind)
            for side in (drawn.ours, drawn.theirs)
        )
        found, alone = paired(metric, [ours], [theirs], n_tasks=n_tasks), single(metric, [ours])
        assert found.n_units == batch.units[study] or drawn.starts is not None
        assert (found.value is not None) == bool(batch.defined[study])
        if found.value is None:
            continue
        assert (found.p is None) == bool(np.isnan(batch.p[study]))
        if found.p is not None:  # signs are drawn
            assert abs(found.p - batch.p[study]) <= 0.05 + batch.p[study] / 3, (study, found)
        assert np.isclose(found.value, batch.value[study])
        if np.isnan(batch.single[study]):  # intervals were not wanted
            continue
        assert np.isclose(alone.value, batch.single[study])
        ends = (
            (found.interval, batch.low, batch.high),
            (alone.interval, batch.single_low, batch.single_high),
        )
        for interval, low, high in ends:
            if interval is not None and np.isfinite(low[study]):
                assert np.allclose(interval, (low[study], high[study])), (study, interval)
