"""Intervals of metrics that are a mean, or a power of one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from polytask.metrics import Metric
from polytask.statistics._hall import hall
from polytask.statistics._spread import Numbers, Spread

__all__ = ["mean_interval"]


def mean_interval(
    metric: Metric,
    value: Numbers,
    amounts: Float[np.ndarray, "*studies units"],
    spread: Spread,
    level: float,
) -> tuple[Numbers, Numbers]:
    """Hall's interval on the scale of the mean, clipped to the metric's possible values.

    Parameters
    ----------
    metric : Metric
    value : float, or array of shape (studies,)
    amounts : array of shape (units,), or (studies, units)
        Contributions of units to the value, to first order.
    spread : Spread
        Spread of the value.
    level : float
    """
    power = metric.power
    slope = power * np.asarray(value) ** (power - 1)
    on_scale = Spread(spread.variance * slope**2, spread.degrees)
    low, high = hall(np.asarray(value) ** power, amounts * slope[..., None], on_scale, level)
    if power > 1:
        low, high = (np.maximum(end, 0.0) ** (1 / power) for end in (low, high))
    lowest, highest = 0.0 if metric.positive_scale else -np.inf, np.inf
    if metric.best is not None:
        lowest, highest = (
            (lowest, metric.best) if metric.greater_is_better else (metric.best, highest)
        )
    return np.clip(low, lowest, value), np.clip(high, value, highest)
