"""Base class of metrics that are functions of errors of the numbers of steps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._metric import Part
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._pixel_metric import PixelMetric, ratio_slopes
from polytask.tasks import FittedTarget, Kind, StepNumbers

__all__ = ["StepErrorMetric"]


class StepErrorMetric(PixelMetric):
    """A function of the mean error over all labelled steps of all rows."""

    kinds: ClassVar[tuple[type[Kind], ...]] = (StepNumbers,)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    @abstractmethod
    def errors(self, difference: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """What is averaged, of differences of truth and response."""

    @abstractmethod
    def of_mean(self, mean: float) -> float:
        """The metric of the mean error."""

    @abstractmethod
    def slope_at(self, mean: float) -> float:
        """Its derivative with respect to the mean error."""

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless there is a number for every step."""
        del fitted
        if truth.ndim != 2 or response.shape != truth.shape:
            owner = f"{type(self).__name__}.score"
            wanted = f"of shape {truth.shape}, a number for each step"
            raise ParameterError(message(owner, "response", wanted, response.shape))

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """One part; steps without a label need no response."""
        yield from super().parts(truth, np.where(np.isnan(truth), 0.0, response), fitted)

    def numbers(
        self,
        truth: Float64[np.ndarray, "n l"],
        response: Float64[np.ndarray, "n l"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, "n 2"]:
        """The sum of the errors, and how many steps there are."""
        del fitted
        known = ~np.isnan(truth)
        errors = self.errors(np.where(known, truth - response, 0.0))
        return np.stack([errors.sum(axis=1), known.sum(axis=1)], axis=1)

    def value_of(self, sums: Float64[np.ndarray, "2"], fitted: FittedTarget) -> MetricValue:
        """The metric of the mean."""
        del fitted
        if not sums[1] > 0:
            return MetricValue(None, "no step is labelled")
        return MetricValue(self.of_mean(float(sums[0] / sums[1])))

    def slopes(
        self, sums: Float64[np.ndarray, "2"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "2"]:
        """Those of the mean, through the metric."""
        del fitted
        return ratio_slopes(sums) * self.slope_at(float(sums[0] / sums[1]))
