"""Concordance of predicted and true orders of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float64, Int64

from polytask.metrics._levels import levels, middle_ranks
from polytask.metrics._metric import Metric, Part
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._survival_answers import check_survival_answers, survival_parts
from polytask.tasks import FittedTarget, Kind, ProportionalSurvival, Survival, restricted_means

__all__ = ["Concordance"]


@dataclass(frozen=True)
class Concordance(Metric):
    r"""Share of the comparable pairs of rows whose order is predicted, Harrell's C.

    A pair is comparable if it is known which event came first: the row of the smaller time has an
    event; of equal times, one has an event and the other is censored. It counts 1 if the mean time
    up to the last cut, the decision of `Survival`, is smaller for the row whose event came first,
    and 1/2 if both are equal. Pairs are weighted by the product of their row weights.

    References
    ----------
    Harrell, Lee & Mark, "Multivariable prognostic models", Statistics in Medicine 1996.

    Notes
    -----
    The definition of ties is that of scikit-survival's ``concordance_index_censored``. It judges the
    order alone, and depends on the censoring of the rows that are scored (Uno et al., Statistics in
    Medicine 2011); `IntegratedBrier` does neither. Computed in :math:`O(n \log^2 n)`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import Concordance
    >>> from polytask.tasks import Survival
    >>> truth = np.array([[1.0, 1.0], [2.0, 0.0], [3.0, 1.0]])  # comparable: 1 < 2, 1 < 3
    >>> target = Survival(1).fit("relapse", {"time": truth[:, 0], "event": truth[:, 1]})
    >>> response = np.array([[0.5], [0.7], [0.2]])
    >>> Concordance().score(truth, response, target).value
    0.5
    """

    name: ClassVar[str] = "concordance"
    label: ClassVar[str] = "concordance"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Survival, ProportionalSurvival)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """Times and events, with mean times up to the last cut."""
        for name, labels, curves in survival_parts(truth, response, fitted):
            yield name, labels, restricted_means(curves, fitted.learned["cuts"])

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless there are times, events and curves."""
        check_survival_answers("Concordance.score", truth, response, fitted)

    def measure(
        self,
        truth: Float64[np.ndarray, "n two"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The share, if a pair is comparable."""
        del fitted
        right, all_pairs = _pairs(truth, response, weight)
        if not all_pairs.any():
            n = len(truth)
            return MetricValue(None, f"no pair of the {n} labelled rows can be compared")
        return MetricValue(float(np.clip(right.sum() / all_pairs.sum(), 0.0, 1.0)))

    def influence(
        self,
        truth: Float64[np.ndarray, "n two"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """The weight of each row's right pairs, against that of all its pairs."""
        del fitted
        right, all_pairs = _pairs(truth, response, weight)
        value = right.sum() / all_pairs.sum()
        return (right - value * all_pairs) / (all_pairs.sum() / 2)

    def comparable(self, response: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Twice the mid-ranks of the mean times."""
        return middle_ranks(response)


def _pairs(
    truth: Float64[np.ndarray, "n two"],
    response: Float64[np.ndarray, " n"],
    weight: Float64[np.ndarray, " n"],
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Weight of each row's comparable pairs that are in the right order, and of all of them."""
    happened = truth[:, 1] == 1
    # events before censored rows of the same time, between which there is a pair
    moment = levels(2.0 * levels(truth[:, 0]) + ~happened)
    rank = levels(response)
    first = np.where(happened, weight, 0.0)
    of_later = _earlier(moment, rank, first)
    of_first = _earlier(moment.max() - moment, rank.max() - rank, weight)
    # a mirrored row comes "earlier" if its time is later, and is below if it is above
    right = weight * of_later + first * of_first
    before = np.bincount(moment, first)
    at_or_after = np.bincount(moment, weight)[::-1].cumsum()[::-1]
    earlier = (np.cumsum(before) - before)[moment]
    later = np.append(at_or_after, 0.0)[moment + 1]
    return right, weight * earlier + first * later


def _earlier(
    moment: Int64[np.ndarray, " n"],
    rank: Int64[np.ndarray, " n"],
    weight: Float64[np.ndarray, " n"],
) -> Float64[np.ndarray, " n"]:
    """Weight of the rows of an earlier moment and a smaller rank; half that of the same rank.

    Two moments differ first in one of their binary digits, at which the earlier one has a 0.
    """
    total = np.zeros(len(moment))
    order = np.argsort(rank, kind="stable")
    for digit in range(int(moment.max()).bit_length()):
        block = moment[order] >> (digit + 1)
        place = order[np.argsort(block, kind="stable")]
        late = (moment[place] >> digit & 1).astype(bool)
        total[place] += np.where(
            late,
            _below(moment[place] >> (digit + 1), rank[place], np.where(late, 0.0, weight[place])),
            0.0,
        )
    return total


def _below(
    block: Int64[np.ndarray, " n"], rank: Int64[np.ndarray, " n"], weight: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Weight of the same block at smaller ranks, and half of that at the same; rows are sorted."""
    reached = np.append(0.0, np.cumsum(weight))
    first_of_block = _first(np.append(True, block[1:] != block[:-1]))
    tied = np.append(True, (block[1:] != block[:-1]) | (rank[1:] != rank[:-1]))
    start = _first(tied)
    end = len(weight) - _first(np.append(tied[1:], True)[::-1])[::-1]
    return (reached[start] + reached[end]) / 2 - reached[first_of_block]


def _first(begins: Bool[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """The position at which the group of each row begins."""
    return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
