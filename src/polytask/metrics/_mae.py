"""Mean absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._best_constant import median_response
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import FittedTarget, Kind, Regression

__all__ = ["MAE"]


@dataclass(frozen=True)
class MAE(RowwiseMetric):
    """Mean absolute error, in the user's units; over several columns their mean.

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
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    greater_is_better: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0

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
        del mean, fitted
        return median_response(truth, weight)
