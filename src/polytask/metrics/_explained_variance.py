"""Share of the variance that is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._variance import (
    no_variance,
    ratio_influence,
    variance,
)
from polytask.tasks import FittedTarget, Kind, Regression

__all__ = ["ExplainedVariance"]


@dataclass(frozen=True)
class ExplainedVariance(Metric):
    """1 − variance of the error / variance of the truth; unlike R², blind to a constant error.

    Over several columns their mean; undefined where the truth is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import ExplainedVariance
    >>> from polytask.tasks import FittedTarget
    >>> truth = np.array([1.0, 3.0])
    >>> ExplainedVariance().score(truth, truth + 7, FittedTarget(("y",))).value
    1.0
    """

    name: ClassVar[str] = "explained_variance"
    label: ClassVar[str] = "explained variance"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    positive_scale: ClassVar[bool] = False

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """1 − variance of the error / variance of the truth."""
        del fitted
        reason = no_variance(truth)
        if reason is not None:
            return MetricValue(None, reason)
        error = variance(truth - response, weight)
        return MetricValue(float(1 - error / variance(truth, weight)))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Squared distances of the errors from their mean against those of the truth."""
        del fitted
        return -ratio_influence(truth - response, truth, weight, centered=True)
