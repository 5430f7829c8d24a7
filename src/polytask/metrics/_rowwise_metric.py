"""Base class of metrics that are weighted means over rows."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from jaxtyping import Float64

from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import FittedTarget

__all__ = ["RowwiseMetric"]


class RowwiseMetric(Metric):
    """A weighted mean of one number per row, such as a squared error."""

    @abstractmethod
    def rowwise(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *outputs"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """The number that is averaged."""

    def finish(self, means: Float64[np.ndarray, " n_means"]) -> Float64[np.ndarray, " n_means"]:
        """From the mean to the metric; the mean itself by default."""
        return means

    def measure(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *outputs"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The weighted mean over the rows."""
        mean = np.average(self.rowwise(truth, response, fitted), weights=weight)
        return MetricValue(float(self.finish(np.array([mean]))[0]))

    def influence(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *outputs"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """How far each row's number lies from the mean, by its share of the weights."""
        numbers, share = self.rowwise(truth, response, fitted), weight / weight.sum()
        mean = share @ numbers
        return share * (numbers - mean) * self.slope(mean)

    def slope(self, mean: np.float64) -> float:
        """How fast `finish` rises at the mean; 0 where it has no finite slope."""
        value = float(self.finish(np.array([mean]))[0])
        return value ** (1 - self.power) / self.power if value > 0 or self.power == 1 else 0.0
