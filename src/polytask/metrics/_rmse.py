"""Root mean squared error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._expected_counts import (
    check_counted,
    counted_parts,
    is_counted,
    rate_of_least_squares,
)
from polytask.metrics._mean_answers import mean_answers
from polytask.metrics._metric import Part
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Count, Distribution, FittedTarget, Kind, Regression

__all__ = ["RMSE"]


@dataclass(frozen=True)
class RMSE(RowwiseMetric):
    """Root mean squared error, in the user's units; over several columns their mean RMSE.

    Of counts with exposures, the error of the expected count, rate times exposure; of predicted
    distributions, that of their means.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import RMSE
    >>> from polytask.tasks import FittedTarget
    >>> RMSE().score(np.array([1.0, 2.0, np.nan]), np.array([1.0, 4.0, 9.0]), FittedTarget(("y",)))
    MetricValue(value=1.4142135623730951, undefined=None, left_out=())
    """

    name: ClassVar[str] = "rmse"
    label: ClassVar[str] = "RMSE"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression, Count, Distribution)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    greater_is_better: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0
    power: ClassVar[int] = 2

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """The columns, counts and expected counts, or means of distributions."""
        of = counted_parts if is_counted(fitted) else super().parts
        return of(truth, mean_answers(truth, response), fitted)

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless shapes belong together."""
        if not (is_counted(fitted) and check_counted(truth, response)):
            super().check(truth, response, fitted)

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Squared errors."""
        del fitted
        return np.square(truth - response)

    def finish(self, means: Float64[np.ndarray, " n_means"]) -> Float64[np.ndarray, " n_means"]:
        """Their root."""
        return np.sqrt(means)

    def constant(
        self,
        mean: Float64[np.ndarray, " *outputs"],
        truth: Float[np.ndarray, " n *columns"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " *outputs"]:
        """The mean; of counts with exposures the rate of least squares."""
        return rate_of_least_squares(mean, truth, weight) if is_counted(fitted) else mean
