"""Mean of a metric over the parts of a task."""

from __future__ import annotations

import numpy as np

from polytask.metrics._metric_value import MetricValue

__all__ = ["mean_value"]


def mean_value(parts: dict[str, MetricValue]) -> MetricValue:
    """Mean over the parts that have a value; the others are named."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    values = [part.value for part in parts.values() if part.value is not None]
    left_out = tuple(
        f"{name}: {part.undefined}" for name, part in parts.items() if part.value is None
    )
    if values:
        return MetricValue(float(np.mean(values)), left_out=left_out)
    reasons = {part.undefined for part in parts.values()}
    return MetricValue(None, reasons.pop() if len(reasons) == 1 else "; ".join(left_out))
