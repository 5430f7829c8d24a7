"""How far the coverage of predicted intervals is from their level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._intervals import intervals, no_interval
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Distribution, FittedTarget, Kind, Quantile

__all__ = ["CoverageError"]


@dataclass(frozen=True)
class CoverageError(RowwiseMetric):
    r"""Distance of the share of values in the outer interval from the share that should be there.

    .. math:: \Big| \frac{1}{n} \sum_i [q_{i1} \le y_i \le q_{iQ}] - (\tau_Q - \tau_1) \Big|

    with true values y, and quantiles q of the levels :math:`\tau_1 < … < \tau_Q`. Undefined for one
    level. Of predicted distributions the interval is that of the levels 0.1 and 0.9. It says whether
    intervals are honest, not whether they are narrow: those of the training rows as a whole are
    honest, too, so that it never enters Δm.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import CoverageError
    >>> from polytask.tasks import Quantile
    >>> truth, response = np.array([1.0, 5.0]), np.array([[1.0, 2.0], [2.0, 3.0]])
    >>> target = Quantile((0.1, 0.9)).fit("price", {"price": truth})
    >>> round(CoverageError().score(truth, response, target).value, 6)  # half of them, not 80 %
    0.3
    """

    name: ClassVar[str] = "coverage_error"
    label: ClassVar[str] = "coverage error"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Quantile, Distribution)
    greater_is_better: ClassVar[bool] = False
    ranks_models: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n outputs"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The distance, if there is an interval."""
        reason = no_interval(fitted)
        if reason is not None:
            return MetricValue(None, reason)
        return super().measure(truth, response, weight, fitted)

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n outputs"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """1 for a value in the interval, else 0, less the share that should be there."""
        low, high, share = intervals(response, fitted)
        return ((low <= truth) & (truth <= high)) - share

    def finish(self, means: Float64[np.ndarray, " n_means"]) -> Float64[np.ndarray, " n_means"]:
        """Their size."""
        return np.abs(means)

    def slope(self, mean: np.float64) -> float:
        """1 or −1."""
        return float(np.sign(mean))
