"""Coefficient of determination."""

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

__all__ = ["R2"]


@dataclass(frozen=True)
class R2(Metric):
    """Coefficient of determination: 1 − mean squared error / variance of the truth.

    Over several columns their mean; undefined where the truth is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import R2
    >>> from polytask.tasks import FittedTarget
    >>> R2().score(np.array([1.0, 3.0]), np.array([1.0, 2.0]), FittedTarget(("y",))).value
    0.5
    """

    name: ClassVar[str] = "r2"
    label: ClassVar[str] = "R²"
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
        """1 − mean squared error / variance."""
        del fitted
        reason = no_variance(truth)
        if reason is not None:
            return MetricValue(None, reason)
        error = np.average(np.square(truth - response), weights=weight)
        return MetricValue(float(1 - error / variance(truth, weight)))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Squared errors against squared distances of the truth from its mean."""
        del fitted
        return -ratio_influence(truth - response, truth, weight, centered=False)
