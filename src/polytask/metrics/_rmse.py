"""Root mean squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import FittedTarget, Kind, Regression

__all__ = ["RMSE"]


@dataclass(frozen=True)
class RMSE(RowwiseMetric):
    """Root mean squared error, in the user's units; over several columns their mean RMSE.

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
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    greater_is_better: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0
    power: ClassVar[int] = 2

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
