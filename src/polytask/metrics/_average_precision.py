"""Average precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Real

from polytask.metrics._decisions import one_class
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._ranking import Ranking
from polytask.tasks import Binary, Kind, Multilabel

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
    >>> target = FittedTarget(("y",), 1, ("no", "yes"))
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
    ) -> MetricValue:
        """The sum over falling scores."""
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        return MetricValue(Ranking.of(truth, response).average_precision(weight))

    def resample(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weights: Real[np.ndarray, "replicates n"],
    ) -> Float64[np.ndarray, " replicates"]:
        """The sums, sorting once."""
        ranking = Ranking.of(truth, response)
        return np.array([ranking.average_precision(weight) for weight in weights], dtype=np.float64)
