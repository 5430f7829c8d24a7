"""Mean absolute error of the numbers of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._step_errors import StepErrorMetric
from polytask.tasks import FittedTarget

__all__ = ["StepMAE"]


@dataclass(frozen=True)
class StepMAE(StepErrorMetric):
    r"""Mean absolute error over all labelled steps of all rows, :math:`|y - \hat y|`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import StepMAE
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([[1.0, 2.0, np.nan]]), np.array([[2.0, 4.0, np.nan]])
    >>> StepMAE().score(truth, response, FittedTarget(("load",))).value
    1.5
    """

    name: ClassVar[str] = "step_mae"
    label: ClassVar[str] = "MAE of steps"

    def errors(self, difference: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """Absolute errors."""
        return np.abs(difference)

    def of_mean(self, mean: float) -> float:
        """The mean itself."""
        return mean

    def slope_at(self, mean: float) -> float:
        """1."""
        del mean
        return 1.0

    def constant(
        self,
        mean: Float64[np.ndarray, " l"],
        truth: Float[np.ndarray, "n l"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " l"]:
        """The weighted median over all steps."""
        del fitted
        rows, steps = np.nonzero(~np.isnan(truth))
        if not len(rows):
            return mean
        values = truth[rows, steps].astype(np.float64)
        order = np.argsort(values, kind="stable")
        reached = np.asarray(weight, dtype=np.float64)[rows][order].cumsum()
        median = values[order][int(np.searchsorted(reached, reached[-1] / 2))]
        return np.full(truth.shape[1], median)
