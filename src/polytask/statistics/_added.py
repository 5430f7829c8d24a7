"""What each unit adds to a metric, and to the difference of two learners."""

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

__all__ = ["Added", "added", "added_difference", "value_of"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Added:
    """What each unit adds, to first order.

    Attributes
    ----------
    units : array of shape (u,)
        Units with labelled rows, ascending; their blocks where `blocks`.
    amounts : array of shape (u,)
    blocks : bool
        Whether units were gathered in blocks, since the metric has no formula.
    """

    units: Int64[np.ndarray, " u"]
    amounts: Float64[np.ndarray, " u"]
    blocks: bool = False

    def in_blocks(self) -> Added:
        """The same, gathered in blocks."""
        if self.blocks:
            return self
        blocks, position = np.unique(block_of(self.units), return_inverse=True)
        return Added(blocks, np.bincount(position, self.amounts, len(blocks)), blocks=True)


def value_of(metric: Metric, answers: Answers, run: int) -> MetricValue:
    """The metric of one run."""

    def score() -> MetricValue:
        parts = _parts(metric, answers, run)
        return mean_value(
            {
                name: part if isinstance(part, MetricValue) else metric.value(part)
                for name, part in parts.items()
            }
        )

    return _once(metric, answers, ("value", run), score)


def added(metric: Metric, answers: Answers, run: int) -> Added:
    """What each unit adds to the metric of one run that has a value."""

    def find() -> Added:
        parts = _parts(metric, answers, run).values()
        return _gather(metric, answers, [part for part in parts if _defined(part, metric)])

    return _once(metric, answers, ("added", run), find)


def added_difference(
    metric: Metric, ours: Answers, our_run: int, theirs: Answers, their_run: int
) -> Added:
    r"""What each unit adds to the difference of two runs, as far as its exchange tells.

    Unit u's is :math:`c_u` where the difference is about :math:`\sum_u \epsilon_u c_u` when the
    two models' predictions are exchanged in the units with :math:`\epsilon_u = -1`. It is twice
    the difference of the influences that the two predictions have within both models' rows
    together, which no exchange changes. For means over rows, and for ROC-AUC with mid-ranks for
    scores, the sum is exact.
    """
    mine = _parts(metric, ours, our_run)
    other = _parts(metric, theirs, their_run)
    pooled = [
        _pooled(one, two)
        for one, two in zip(mine.values(), other.values(), strict=True)
        if _defined(one, metric) and _defined(two, metric)
    ]
    return _gather(metric, ours, pooled, pooled=True)


def _gather(
    metric: Metric, answers: Answers, parts: Sequence[LabelledRows], *, pooled: bool = False
) -> Added:
    """Mean over the parts, by unit; of pooled rows twice the first half less the second."""
    with np.errstate(all="ignore"):
        influences = [
            metric.influence(rows.truth, rows.response, rows.weight, rows.fitted) for rows in parts
        ]
    where, blocks = index(answers), False
    if any(one is None for one in influences) and len(where.units) > MOST_LEFT_OUT:
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
    return Added(where.units[present], amounts[present], blocks)


def _in_blocks(where: UnitIndex) -> UnitIndex:
    blocks, position = np.unique(block_of(where.units), return_inverse=True)
    return UnitIndex(blocks, position[where.position])


def _pooled(ours: LabelledRows, theirs: LabelledRows) -> LabelledRows:
    """Both models' rows together."""
    return LabelledRows(
        ours.kept,
        np.concatenate([ours.truth, theirs.truth]),
        np.concatenate([ours.response, theirs.response]),
        np.concatenate([ours.weight, theirs.weight]),
        ours.fitted,
    )


def _parts(metric: Metric, answers: Answers, run: int) -> Mapping[str, LabelledRows | MetricValue]:
    """Labelled rows, with responses as they can be exchanged."""

    def find() -> Mapping[str, LabelledRows | MetricValue]:
        response = answers.responses[run]
        parts = metric.labelled(answers.truth, response, answers.target, answers.weight)
        return {
            name: part
            if isinstance(part, MetricValue)
            else replace(part, response=metric.comparable(part.response))
            for name, part in parts.items()
        }

    return _once(metric, answers, ("parts", run), find)


def _defined(part: LabelledRows | MetricValue, metric: Metric) -> TypeGuard[LabelledRows]:
    return isinstance(part, LabelledRows) and metric.value(part).defined


def _once(metric: Metric, answers: Answers, what: tuple[str, int], find: Callable[[], T]) -> T:
    """Compute once for these answers; the metric is kept, so that its description stays its own."""
    key = (type(metric), repr(metric), *what)
    if key not in answers.memo:
        answers.memo[key] = metric, find()
    return answers.memo[key][1]
