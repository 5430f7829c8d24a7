"""Share of pixels with the right class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._metric_value import MetricValue
from polytask.metrics._pixel_classes import PixelClassMetric
from polytask.metrics._pixel_metric import ratio_slopes
from polytask.tasks import FittedTarget

__all__ = ["PixelAccuracy"]


@dataclass(frozen=True)
class PixelAccuracy(PixelClassMetric):
    """Share of labelled pixels whose likeliest class is right, over all rows together.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import PixelAccuracy
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("mask",), (0, 7), {"shape": (1.0, 4.0)})
    >>> truth, decided = np.array([[[0.0, 1.0, 1.0, np.nan]]]), np.array([[[0, 0, 1, 1]]])
    >>> PixelAccuracy().score(truth, np.moveaxis(np.eye(2)[decided], -1, 1), target).value
    0.6666666666666666
    """

    name: ClassVar[str] = "pixel_accuracy"
    label: ClassVar[str] = "pixel accuracy"

    def numbers(
        self,
        truth: Float64[np.ndarray, "n h w"],
        response: Float64[np.ndarray, "n c h w"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, "n m"]:
        """Right pixels, and labelled ones."""
        del fitted
        counts = (truth == response.argmax(axis=1), ~np.isnan(truth))
        return np.stack([each.sum(axis=(1, 2)) for each in counts], axis=1).astype(np.float64)

    def value_of(self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget) -> MetricValue:
        """The share."""
        del fitted
        return MetricValue(float(sums[0] / sums[1]))

    def slopes(
        self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " m"]:
        """Those of the ratio."""
        del fitted
        return ratio_slopes(sums)
