"""Root mean squared error of the numbers of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._step_errors import StepErrorMetric
from polytask.tasks import Kind, StepNumbers

__all__ = ["StepRMSE"]


@dataclass(frozen=True)
class StepRMSE(StepErrorMetric):
    r"""Root of the mean squared error over all labelled steps of all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import StepRMSE
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([[1.0, 2.0, np.nan]]), np.array([[2.0, 9.0, np.nan]])
    >>> StepRMSE().score(truth, response, FittedTarget(("load",))).value
    5.0
    """

    name: ClassVar[str] = "step_rmse"
    label: ClassVar[str] = "RMSE of steps"
    power: ClassVar[int] = 2
    default_for: ClassVar[tuple[type[Kind], ...]] = (StepNumbers,)

    def errors(self, difference: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """Squared errors."""
        return np.square(difference)

    def of_mean(self, mean: float) -> float:
        """Its root."""
        return math.sqrt(mean)

    def slope_at(self, mean: float) -> float:
        """That of the root; 0 where there is no error."""
        return 0.5 / math.sqrt(mean) if mean > 0 else 0.0
