"""Contributions of units to a metric, and to the difference of two learners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard, TypeVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask.metrics import LabelledRows, Metric, MetricValue, mean_value
from polytask.statistics._answers import Answers
from polytask.statistics._leave_out import MOST_LEFT_OUT, block_of, leave_out
from polytask.statistics._units import UnitIndex, index

__all__ = ["Contributions", "contributions", "difference_contributions", "value_of"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Contributions:
    """The contribution of each unit to a metric, to first order.

    Attributes
    ----------
    units : array of shape (u,)
        Units with labelled rows, ascending; with `blocks`, the blocks of units.
    amounts : array of shape (u,)
    blocks : bool
        Whether units are summed in blocks, since the metric's influence has no formula.
    """

    units: Int64[np.ndarray, " u"]
    amounts: Float64[np.ndarray, " u"]
    blocks: bool = False

    def in_blocks(self) -> Contributions:
        """The same contributions, summed in blocks."""
        if self.blocks:
            return self
        blocks, position = np.unique(block_of(self.units), return_inverse=True)
        return Contributions(blocks, np.bincount(position, self.amounts, len(blocks)), blocks=True)


def value_of(metric: Metric, answers: Answers, run: int) -> MetricValue:
    """The metric's value in one run."""

    def compute() -> MetricValue:
        parts = _parts(metric, answers, run)
        return mean_value(
            {
                name: part if isinstance(part, MetricValue) else metric.value(part)
                for name, part in parts.items()
            }
        )

    return _once(metric, answers, ("value", run), compute)


def contributions(metric: Metric, answers: Answers, run: int) -> Contributions:
    """The contribution of each unit to a metric in a run where it is defined."""

    def compute() -> Contributions:
        parts = _parts(metric, answers, run).values()
        return _mean_over_parts(metric, answers, [part for part in parts if _defined(part, metric)])

    return _once(metric, answers, ("contributions", run), compute)


def difference_contributions(
    metric: Metric, learner: Answers, learner_run: int, baseline: Answers, baseline_run: int
) -> Contributions:
    r"""The contribution of each unit to the difference of two runs, under exchanges.

    Unit u contributes :math:`c_u` if the difference is about :math:`\sum_u \epsilon_u c_u` when
    the two models' predictions are exchanged in the units with :math:`\epsilon_u = -1`. This is
    twice the difference of the influences of the two predictions among both models' rows pooled,
    which no exchange changes. The sum is exact for means over rows, and for ROC-AUC with
    mid-ranks for scores.
    """
    learner_parts = _parts(metric, learner, learner_run)
    baseline_parts = _parts(metric, baseline, baseline_run)
    pooled = [
        _pool(part, baseline_part)
        for part, baseline_part in zip(learner_parts.values(), baseline_parts.values(), strict=True)
        if _defined(part, metric) and _defined(baseline_part, metric)
    ]
    return _mean_over_parts(metric, learner, pooled, pooled=True)


def _mean_over_parts(
    metric: Metric, answers: Answers, parts: Sequence[LabelledRows], *, pooled: bool = False
) -> Contributions:
    """Mean over the parts, per unit; of pooled rows, twice the first half less the second."""
    with np.errstate(all="ignore"):
        influences = [
            metric.influence(rows.truth, rows.response, rows.weight, rows.fitted) for rows in parts
        ]
    where, blocks = index(answers), False
    if any(influence is None for influence in influences) and len(where.units) > MOST_LEFT_OUT:
        where, blocks = _in_blocks(where), True
    size = len(where.units)
    total, present = np.zeros(2 * size if pooled else size), np.zeros(size, dtype=np.bool_)
    for rows, influence in zip(parts, influences, strict=True):
        position = where.position[rows.kept]
        present[position] = True
        if pooled:
            position = np.concatenate([position, size + position])
        if influence is None:
            total += leave_out(metric, rows, position, len(total))
        else:
            total += np.bincount(position, influence, len(total))
    total /= max(len(parts), 1)
    amounts = 2 * (total[:size] - total[size:]) if pooled else total
    return Contributions(where.units[present], amounts[present], blocks)


def _in_blocks(where: UnitIndex) -> UnitIndex:
    blocks, position = np.unique(block_of(where.units), return_inverse=True)
    return UnitIndex(blocks, position[where.position])


def _pool(learner: LabelledRows, baseline: LabelledRows) -> LabelledRows:
    """The rows of both models."""
    return LabelledRows(
        learner.kept,
        np.concatenate([learner.truth, baseline.truth]),
        np.concatenate([learner.response, baseline.response]),
        np.concatenate([learner.weight, baseline.weight]),
        learner.fitted,
    )


def _parts(metric: Metric, answers: Answers, run: int) -> Mapping[str, LabelledRows | MetricValue]:
    """Labelled rows with comparable responses, by part of the metric."""

    def compute() -> Mapping[str, LabelledRows | MetricValue]:
        response = answers.responses[run]
        target = answers.target_of(run)
        parts = metric.labelled(answers.truth, response, target, answers.weight)
        return {
            name: part
            if isinstance(part, MetricValue)
            else replace(part, response=metric.comparable(part.response))
            for name, part in parts.items()
        }

    return _once(metric, answers, ("parts", run), compute)


def _defined(part: LabelledRows | MetricValue, metric: Metric) -> TypeGuard[LabelledRows]:
    return isinstance(part, LabelledRows) and metric.value(part).defined


def _once(metric: Metric, answers: Answers, what: tuple[str, int], compute: Callable[[], T]) -> T:
    """Compute once per metric; the metric is kept too, so that its `repr` stays unique."""
    key = (type(metric), repr(metric), *what)
    if key not in answers.memo:
        answers.memo[key] = metric, compute()
    return answers.memo[key][1]
