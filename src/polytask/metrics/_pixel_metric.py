"""Base class of metrics of kinds that label the pixels of a row's image."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from polytask.metrics._metric import Metric, Part
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import FittedTarget

__all__ = ["PixelMetric", "ratio_slopes"]


class PixelMetric(Metric):
    """A function of sums over rows, each of a few numbers of a row's pixels.

    A row counts if any of its pixels is labelled. What stands for a response in `measure` and
    `influence` are the rows' numbers.
    """

    @abstractmethod
    def numbers(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *outputs"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, "n m"]:
        """What is added up over rows; unlabelled pixels are NaN in the truth, and count for nothing."""

    @abstractmethod
    def value_of(self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget) -> MetricValue:
        """The metric, from the weighted sums of all rows."""

    @abstractmethod
    def slopes(
        self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " m"]:
        """Its derivatives with respect to the sums."""

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """One part, whose truth says which rows are labelled, and whose response are their numbers."""
        labelled = ~np.isnan(truth).all(axis=tuple(range(1, truth.ndim)))
        answered = np.isfinite(response).all(axis=tuple(range(1, response.ndim)))
        with np.errstate(invalid="ignore"):
            numbers = self.numbers(truth, np.where(np.isfinite(response), response, 0.0), fitted)
        numbers[~answered] = np.nan
        yield f"column {fitted.columns[0]!r}", np.where(labelled, 0.0, np.nan), numbers

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n m"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The metric of the weighted sums."""
        del truth
        return self.value_of(weight @ response, fitted)

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n m"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Each row's numbers along the slopes at the sums."""
        del truth
        return weight * (response @ self.slopes(weight @ response, fitted))


def ratio_slopes(sums: Float64[np.ndarray, "2"]) -> Float64[np.ndarray, "2"]:
    """Derivatives of the first sum divided by the second.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._pixel_metric import ratio_slopes
    >>> ratio_slopes(np.array([1.0, 2.0]))
    array([ 0.5 , -0.25])
    """
    above, below = sums
    return np.array([1.0, -above / below]) / below
