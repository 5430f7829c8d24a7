"""Mean squared error over the variance of the truth."""

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

__all__ = ["NMSE"]


@dataclass(frozen=True)
class NMSE(Metric):
    """Normalised mean squared error: over the variance of the truth in the rows measured.

    1 − R², hence 1 for a model that always predicts their mean. Over several columns their
    mean; undefined where the truth is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import NMSE
    >>> from polytask.tasks import FittedTarget
    >>> NMSE().score(np.array([1.0, 3.0]), np.array([2.0, 2.0]), FittedTarget(("y",))).value
    1.0
    """

    name: ClassVar[str] = "nmse"
    label: ClassVar[str] = "nMSE"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """Mean squared error / variance."""
        del fitted
        reason = no_variance(truth)
        if reason is not None:
            return MetricValue(None, reason)
        error = np.average(np.square(truth - response), weights=weight)
        return MetricValue(float(error / variance(truth, weight)))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Squared errors against squared distances of the truth from its mean."""
        del fitted
        return ratio_influence(truth - response, truth, weight, centered=False)
