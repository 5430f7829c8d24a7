"""Mean absolute error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._best_constant import median_response
from polytask.metrics._expected_counts import check_counted, counted_parts, is_counted, median_rate
from polytask.metrics._mean_answers import mean_answers
from polytask.metrics._metric import Part
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Count, Distribution, FittedTarget, Kind, Regression

__all__ = ["MAE"]


@dataclass(frozen=True)
class MAE(RowwiseMetric):
    """Mean absolute error, in the user's units; over several columns their mean.

    Of counts with exposures, the error of the expected count, rate times exposure; of predicted
    distributions, that of their means.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.tasks import FittedTarget
    >>> MAE().score(np.array([1.0, 2.0]), np.array([1.0, 4.0]), FittedTarget(("y",))).value
    1.0
    """

    name: ClassVar[str] = "mae"
    label: ClassVar[str] = "MAE"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression, Count, Distribution)
    greater_is_better: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0

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
        """Absolute errors."""
        del fitted
        return np.abs(truth - response)

    def constant(
        self,
        mean: Float64[np.ndarray, " *outputs"],
        truth: Float[np.ndarray, " n *columns"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " *outputs"]:
        """The median."""
        if is_counted(fitted):
            return median_rate(mean, truth, weight)
        median = median_response(truth, weight)
        return np.array([float(median), *mean[1:]]) if mean.ndim > median.ndim else median
