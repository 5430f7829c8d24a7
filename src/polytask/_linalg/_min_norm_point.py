"""The point of a convex hull that is nearest to the origin."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["min_norm_point"]

_TOLERANCE = 1e-12


def min_norm_point(gramian: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, " k"]:
    r"""Weights :math:`w` on the simplex that minimise :math:`w^\top G w`.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products :math:`G = J J^\top` of k vectors, of any scale and rank.

    Returns
    -------
    array of shape (k,)
        At the optimum, :math:`(G w)_i \ge w^\top G w` for every i, with equality where
        :math:`w_i > 0`; here within 1e-12 of the vectors' norms.

    Notes
    -----
    Wolfe's active-set method [1]_ on the vectors scaled to unit length, so that lengths may
    differ by many orders of magnitude. Vectors of length zero share the weight equally.

    References
    ----------
    .. [1] Wolfe, *Finding the nearest point in a polytope*, Mathematical Programming 11, 1976.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import min_norm_point
    >>> min_norm_point(np.array([[1.0, 0.0], [0.0, 3.0]]))
    array([0.75, 0.25])
    """
    if gramian.size == 0 or not np.isfinite(gramian).all():
        expected = "a finite matrix of at least one row"
        raise ParameterError(message("min_norm_point", "gramian", expected, gramian))
    lengths = np.sqrt(np.maximum(np.diag(gramian), 0.0))
    if not lengths.all():
        return (lengths == 0) / np.count_nonzero(lengths == 0)
    cosines = (gramian + gramian.T) / 2 / lengths / lengths[:, None]
    np.fill_diagonal(cosines, 1.0)
    shares = _nearest(cosines, lengths.min() / lengths)
    weights = shares / (lengths / lengths.min())
    return weights / weights.sum()


def _nearest(
    cosines: Float64[np.ndarray, "k k"], slopes: Float64[np.ndarray, " k"]
) -> Float64[np.ndarray, " k"]:
    """Minimise :math:`u^T C u` over :math:`u ≥ 0` with :math:`a^T u = 1`; C has a unit diagonal."""
    lifted = cosines + np.outer(slopes, slopes)
    support = np.zeros(len(slopes), dtype=bool)
    support[slopes.argmax()] = True
    point = support / slopes
    while True:
        height = point @ cosines @ point
        slack = cosines @ point - slopes * height
        slack[support] = 0.0
        if slack.min() >= -_TOLERANCE * point.sum():
            return point
        grown = support.copy()
        grown[slack.argmin()] = True
        candidate = _descend(lifted, slopes, point, grown)
        if candidate is None or not candidate @ cosines @ candidate < height:
            return point
        point, support = candidate, candidate > 0


def _descend(
    lifted: Float64[np.ndarray, "k k"],
    slopes: Float64[np.ndarray, " k"],
    point: Float64[np.ndarray, " k"],
    support: np.ndarray,
) -> Float64[np.ndarray, " k"] | None:
    """Go to the nearest point of the affine hull, leaving members whose weight reaches zero."""
    while True:
        target = np.zeros_like(point)
        rows = np.flatnonzero(support)
        try:
            factor = cho_factor(lifted[np.ix_(rows, rows)], lower=True, check_finite=False)
        except LinAlgError:
            return None
        solution = cho_solve(factor, slopes[rows], check_finite=False)
        target[rows] = solution / (slopes[rows] @ solution)
        if (target[rows] > 0).all():
            return target
        blocking = support & (target <= 0)
        steps = point[blocking] / (point[blocking] - target[blocking])
        point = point + steps.min() * (target - point)
        leaving = np.flatnonzero(blocking)[steps.argmin()]
        point[leaving] = 0.0
        support = support & (point > 0)
