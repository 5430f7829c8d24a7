"""Average precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask.metrics._decisions import one_class
from polytask.metrics._levels import levels, middle_ranks, reached
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multilabel

__all__ = ["AveragePrecision"]


@dataclass(frozen=True)
class AveragePrecision(Metric):
    """Precision averaged over the steps of recall, without interpolation.

    Multilabel: mean over the columns; those where only one class occurs are left out and named.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import AveragePrecision
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("y",), ("no", "yes"))
    >>> AveragePrecision().score(np.array([0.0, 1.0, 1.0]), np.array([0.6, 0.7, 0.5]), target).value
    0.8333333333333333
    """

    name: ClassVar[str] = "average_precision"
    label: ClassVar[str] = "average precision"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multilabel)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The sum over falling scores."""
        del fitted
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        _, positive, precision = _recall_and_precision(truth, response, weight)
        return MetricValue(float(min(positive @ precision / positive.sum(), 1.0)))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Each row changes the precision at its score and at all lower ones."""
        del fitted
        level, positive, precision = _recall_and_precision(truth, response, weight)
        total = positive.sum()
        counted = reached(level, weight, len(positive))
        pull = np.divide(positive, counted * total, out=np.zeros_like(positive), where=counted > 0)
        raised, lowered = np.cumsum(pull * (1 - precision)), np.cumsum(pull * precision)
        own = (precision - positive @ precision / total) / total
        return weight * np.where(truth == 1, own[level] + raised[level], -lowered[level])

    def comparable(self, response: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Twice the mid-ranks."""
        return middle_ranks(response)


def _recall_and_precision(
    truth: Float64[np.ndarray, " n"],
    response: Float64[np.ndarray, " n"],
    weight: Float64[np.ndarray, " n"],
) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " l"], Float64[np.ndarray, " l"]]:
    """Each row's level of score; by level the weight of positives there, and the precision."""
    level = levels(response)
    n_levels = int(level.max()) + 1
    positive = weight * (truth == 1)
    counted = reached(level, weight, n_levels)
    right = reached(level, positive, n_levels)
    precision = np.divide(right, counted, out=np.zeros_like(right), where=counted > 0)
    return level, np.bincount(level, positive, n_levels), precision
