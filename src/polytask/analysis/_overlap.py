"""How far tasks look at the same columns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

__all__ = ["overlap_of_shares", "shares_of"]

_ERRORS = 1.0
"""Of two trainings standard errors are known poorly, so that a bound of two hid columns that matter."""


def shares_of(
    importance: Float64[np.ndarray, "k c"], error: Float64[np.ndarray, "k c"]
) -> Float64[np.ndarray, "k c"]:
    """Importances of each task as shares that sum to 1.

    Parameters
    ----------
    importance : array of shape (k, c)
        NaN for columns that a task does not have.
    error : array of shape (k, c)
        Standard errors, NaN where they are not known; importances of less than one of them, and those
        below 0, count as 0.

    Returns
    -------
    array of shape (k, c)
        NaN for a task without any importance.
    """
    known = np.isfinite(importance)
    shown = known & (importance > _ERRORS * np.nan_to_num(error))
    kept = np.where(shown, importance, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    shares = np.divide(kept, total, out=np.full_like(kept, np.nan), where=total > 0)
    return np.where(known, shares, np.nan)


def overlap_of_shares(shares: Float64[np.ndarray, "k c"]) -> Float64[np.ndarray, "k k"]:
    r"""Weighted Jaccard overlap of the tasks' shares.

    .. math:: O_{ij} = \frac{\sum_c \min(a_{ic}, a_{jc})}{\sum_c \max(a_{ic}, a_{jc})}

    with the share :math:`a_{ic}` of column c in the importances of task i: 1 where both depend on the
    same columns to the same extent, 0 where they have none in common.

    Parameters
    ----------
    shares : array of shape (k, c)

    Returns
    -------
    array of shape (k, k)
        NaN for tasks without any importance.
    """
    filled = np.nan_to_num(shares)
    empty = filled.sum(axis=1) == 0
    # of two rows that sum to 1, the minima sum to 1 − d and the maxima to 1 + d
    half = np.stack([np.abs(filled - row).sum(axis=1) for row in filled]) / 2
    overlap = (1 - half) / (1 + half)
    overlap[empty, :] = overlap[:, empty] = np.nan
    return overlap
