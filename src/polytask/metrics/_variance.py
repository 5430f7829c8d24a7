"""Variance of the truth, and of errors beside it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

__all__ = ["no_variance", "ratio_influence", "variance"]


def variance(values: Float64[np.ndarray, " n"], weight: Float64[np.ndarray, " n"]) -> np.float64:
    """Weighted variance about the weighted mean, divided by the sum of weights."""
    center = np.average(values, weights=weight)
    return np.float64(np.average(np.square(values - center), weights=weight))


def no_variance(truth: Float64[np.ndarray, " n"]) -> str | None:
    """The reason why there is no variance to explain, or None."""
    if len(truth) < 2:
        return "only 1 labelled row"
    if truth.min() == truth.max():
        return f"the truth is {truth[0]:g} in all {len(truth)} labelled rows"
    return None


def ratio_influence(
    error: Float64[np.ndarray, " n"],
    truth: Float64[np.ndarray, " n"],
    weight: Float64[np.ndarray, " n"],
    *,
    centered: bool,
) -> Float64[np.ndarray, " n"]:
    """What each row adds to (mean squared error, or variance of the error) / variance."""
    share = weight / weight.sum()
    above = np.square(error - share @ error if centered else error)
    below = np.square(truth - share @ truth)
    spread = share @ below
    return share * (above - share @ above / spread * below) / spread
