"""Base class of metrics that are means over the numbers of an image's pixels."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._metric_value import MetricValue
from polytask.metrics._pixel_metric import PixelMetric, ratio_slopes
from polytask.tasks import DenseNumbers, FittedTarget, Kind

__all__ = ["PixelErrorMetric"]


class PixelErrorMetric(PixelMetric):
    """A mean over all labelled numbers of all rows."""

    kinds: ClassVar[tuple[type[Kind], ...]] = (DenseNumbers,)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0
    nothing: ClassVar[str] = "no labelled pixels"
    """Why there is no value where nothing is averaged."""

    @abstractmethod
    def errors(
        self, truth: Float64[np.ndarray, "..."], response: Float64[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """What is averaged; NaN where a number is left out."""

    def numbers(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *cells"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, "n m"]:
        """The sum of the errors, and how many there are."""
        del fitted
        with np.errstate(divide="ignore"):
            errors = self.errors(truth, response).reshape(len(truth), math.prod(truth.shape[1:]))
        some = ~np.isnan(errors)
        return np.stack([np.where(some, errors, 0.0).sum(axis=1), some.sum(axis=1)], axis=1)

    def value_of(self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget) -> MetricValue:
        """The mean."""
        del fitted
        if not sums[1] > 0:
            return MetricValue(None, self.nothing)
        return MetricValue(float(sums[0] / sums[1]))

    def slopes(
        self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " m"]:
        """Those of the ratio."""
        del fitted
        return ratio_slopes(sums)
