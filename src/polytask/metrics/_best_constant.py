"""Best constant predictions: weighted medians, and probabilities above one half."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask._row_shares import shares_of_largest

__all__ = ["above_half", "median_response"]


def median_response(
    truth: Float[np.ndarray, " n *columns"], weight: Real[np.ndarray, " n"]
) -> Float64[np.ndarray, " *outputs"]:
    """Weighted median of every column over its labelled cells; between two, the middle.

    Examples
    --------
    >>> import numpy as np
    >>> median_response(np.array([1.0, 5.0, np.nan, 2.0]), np.array([1.0, 3.0, 1.0, 1.0]))
    array(5.)
    """
    columns, shares = truth.reshape(len(truth), -1).T, shares_of_largest(weight)
    medians = [_median(column.astype(np.float64), shares) for column in columns]
    return np.array(medians).reshape(truth.shape[1:])


def above_half(response: Float64[np.ndarray, " *outputs"]) -> Float64[np.ndarray, " *outputs"]:
    """Probabilities that call every row positive, otherwise as they are."""
    return np.asarray(np.maximum(response, _JUST_ABOVE_HALF))


_JUST_ABOVE_HALF = 0.501


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    observed = np.isfinite(values) & (weight > 0)
    order = np.argsort(values[observed], kind="stable")
    ranked, reached = values[observed][order], np.cumsum(weight[observed][order])
    half = reached[-1] / 2
    first = int(np.searchsorted(reached, half))
    last = int(np.searchsorted(reached, half, side="right"))
    return float(ranked[first] / 2 + ranked[min(last, len(ranked) - 1)] / 2)
