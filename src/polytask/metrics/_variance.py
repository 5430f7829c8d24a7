"""How far truths lie from their mean, and when that is nothing."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Real

__all__ = ["moments", "no_variance", "ratio_influence", "variance", "varies"]


def variance(values: Float64[np.ndarray, " n"], weight: Float64[np.ndarray, " n"]) -> np.float64:
    """Weighted variance about the weighted mean, divided by the sum of weights."""
    center = np.average(values, weights=weight)
    return np.float64(np.average(np.square(values - center), weights=weight))


def no_variance(truth: Float64[np.ndarray, " n"]) -> str | None:
    """Why nothing can be explained here, if so."""
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


def moments(
    values: Float64[np.ndarray, " n"], weights: Real[np.ndarray, "replicates n"]
) -> tuple[Float64[np.ndarray, " replicates"], Float64[np.ndarray, " replicates"]]:
    """Weighted mean and variance under each row of weights, one product a replicate."""
    center = values.mean()
    shifted = values - center
    powers = np.stack([np.ones_like(shifted), shifted, np.square(shifted)], axis=1)
    sums = np.array([weight.astype(np.float64) @ powers for weight in weights]).reshape(-1, 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, square = sums[:, 1] / sums[:, 0], sums[:, 2] / sums[:, 0]
    return mean + center, np.maximum(square - np.square(mean), 0.0)


def varies(
    truth: Float64[np.ndarray, " n"], weights: Real[np.ndarray, "replicates n"]
) -> Bool[np.ndarray, " replicates"]:
    """Whether rows of positive weight differ, under each row of weights."""
    kept = weights > 0
    low = np.where(kept, truth, np.inf).min(axis=1)
    high = np.where(kept, truth, -np.inf).max(axis=1)
    return low < high
