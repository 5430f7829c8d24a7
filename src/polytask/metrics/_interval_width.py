"""Width of predicted intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._intervals import intervals, no_interval
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Distribution, FittedTarget, Kind, Quantile

__all__ = ["IntervalWidth"]


@dataclass(frozen=True)
class IntervalWidth(RowwiseMetric):
    r"""Mean width of the outer interval, in the user's units.

    .. math:: \frac{1}{n} \sum_i (q_{iQ} - q_{i1})

    over the labelled rows, with quantiles q of the lowest and the highest level. Undefined for one
    level. Of predicted distributions the levels are 0.1 and 0.9. Of intervals that are honest (`CoverageError`) narrow ones are better; alone it says
    nothing of the truth, so that it never enters Δm.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import IntervalWidth
    >>> from polytask.tasks import Quantile
    >>> truth, response = np.array([1.0, 5.0]), np.array([[1.0, 2.0], [2.0, 4.0]])
    >>> target = Quantile((0.1, 0.9)).fit("price", {"price": truth})
    >>> IntervalWidth().score(truth, response, target).value
    1.5
    """

    name: ClassVar[str] = "interval_width"
    label: ClassVar[str] = "interval width"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Quantile, Distribution)
    greater_is_better: ClassVar[bool] = False
    ranks_models: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n outputs"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The mean width, if there is an interval."""
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
        """Widths."""
        del truth
        low, high, _ = intervals(response, fitted)
        return high - low
