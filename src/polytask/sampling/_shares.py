"""Rows per source: expected numbers, and whole numbers of a single batch."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["expected_rows", "systematic_counts"]


def expected_rows(
    proportions: Float64[np.ndarray, " n"], n_rows: Int64[np.ndarray, " n"], total: int
) -> Float64[np.ndarray, " n"]:
    """Split `total` rows in given proportions, but give no source more rows than it has.

    The excess of small sources is split among the others in their proportions.

    Parameters
    ----------
    proportions : array of shape (n,)
        Positive, on any scale.
    n_rows : array of shape (n,)
        Rows of each source.
    total : int
        At most their sum.

    Examples
    --------
    >>> import numpy as np
    >>> expected_rows(np.ones(3), np.array([2, 50, 50]), 12)
    array([2., 5., 5.])
    """
    shares = n_rows.astype(np.float64)
    open_ = np.ones(len(shares), dtype=bool)
    while open_.any():
        rest = total - shares[~open_].sum()
        offered = rest * proportions / proportions[open_].sum()
        over = open_ & (offered > n_rows)
        if not over.any():
            shares[open_] = offered[open_]
            break
        open_ &= ~over
    return shares


def systematic_counts(
    shares: Float64[np.ndarray, " n"], total: int, offset: float
) -> Int64[np.ndarray, " n"]:
    """Whole numbers that sum to `total`, each within one of its part of it.

    With an offset that is uniform in [0, 1), their expectations are the parts themselves
    (systematic sampling).

    Parameters
    ----------
    shares : array of shape (n,)
        Parts of the total, on any scale.
    total : int
    offset : float

    Examples
    --------
    >>> import numpy as np
    >>> systematic_counts(np.array([1.5, 1.0, 1.5]), 4, 0.2).tolist()
    [1, 1, 2]
    >>> systematic_counts(np.array([1.5, 1.0, 1.5]), 4, 0.7).tolist()
    [2, 1, 1]
    """
    edges = np.cumsum(shares)
    marks = np.floor(edges * (total / edges[-1]) + offset).clip(max=total)
    marks[-1] = total  # whatever rounding made of it
    return np.diff(marks, prepend=0.0).astype(np.int64)
