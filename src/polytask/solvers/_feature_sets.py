"""Sets of features that are solved for at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

__all__ = ["widened"]


def widened(
    used: Int[np.ndarray, " u"], norms: Float64[np.ndarray, " p"], more: int
) -> Int[np.ndarray, " k"]:
    """Features in use and those of the largest norms among others, sorted.

    Parameters
    ----------
    used : array of shape (u,), int
    norms : array of shape (n_features,)
        Of gradients.
    more : int
        Number of features to add, at most as many as are not in use.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.solvers._feature_sets import widened
    >>> widened(np.array([2]), np.array([1.0, 3.0, 9.0, 2.0]), 2)
    array([1, 2, 3])
    """
    outside = norms.copy()
    outside[used] = 0.0
    added = np.argpartition(-outside, more - 1)[:more] if more else np.zeros(0, dtype=int)
    return np.sort(np.concatenate([used, added]))
