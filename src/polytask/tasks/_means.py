"""Weighted means of the labelled cells of a target."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask._row_shares import shares_of_largest

__all__ = ["weighted_means"]


def weighted_means(
    truth: Float[np.ndarray, " n *cells"], weight: Real[np.ndarray, " n"]
) -> Float64[np.ndarray, " *cells"]:
    """Weighted mean of every column over its labelled cells.

    Weights are divided by their sum before values are summed, so that no sum overflows.

    Parameters
    ----------
    truth : array of shape (n, ...)
        NaN where missing.
    weight : array of shape (n,)
        Row weights.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import weighted_means
    >>> weighted_means(np.array([1.0, 5.0, np.nan]), np.array([3.0, 1.0, 1.0]))
    array(2.)
    """
    cells = truth.astype(np.float64)
    observed = np.isfinite(cells)
    column = shares_of_largest(weight).reshape(-1, *[1] * (cells.ndim - 1))
    shares = np.where(observed, column, 0.0)
    shares = shares / shares.sum(axis=0)
    return np.asarray((np.where(observed, cells, 0.0) * shares).sum(axis=0))
