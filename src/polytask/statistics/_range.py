"""What values a metric can take."""

from __future__ import annotations

import math

from polytask.metrics import Metric

__all__ = ["clipped"]


def clipped(metric: Metric, value: float, low: float, high: float) -> tuple[float, float]:
    """An interval around the value without what the metric can never be."""
    least, most = 0.0 if metric.positive_scale else -math.inf, math.inf
    if metric.best is not None:
        least, most = (least, metric.best) if metric.greater_is_better else (metric.best, most)
    return min(value, max(low, least)), max(value, min(high, most))
