"""The point of a convex hull nearest to the origin."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["min_norm_point"]

_TOLERANCE = 1e-12
_PIVOT = 1e-5
_TINY = float(np.finfo(np.float64).tiny)


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
    differ by many orders of magnitude. Wolfe lets one vector enter at a time; here several
    enter while that descends. Vectors of length zero share the weight equally.

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
    point = np.zeros(len(slopes))
    point[slopes.argmax()] = 1 / slopes.max()
    batch = len(slopes)
    while True:
        height, slack = _height_and_slack(cosines, slopes, point)
        entering = np.argsort(slack)[: min(batch, (slack < -_TOLERANCE).sum())]
        if len(entering) == 0:
            return point
        support = point > 0
        support[entering] = True
        pivot = _PIVOT if len(entering) > 1 else 0.0
        candidate = _descend(lifted, slopes, point, support, pivot)
        lower, even = _height_and_slack(cosines, slopes, candidate)
        if lower < height and np.abs(even[candidate > 0]).max() < _TOLERANCE:
            point, batch = candidate, 2 * batch
        elif len(entering) > 1:
            batch = max(1, len(entering) // 4)
        else:  # a single one fails only by rounding
            return point


def _height_and_slack(
    cosines: Float64[np.ndarray, "k k"],
    slopes: Float64[np.ndarray, " k"],
    point: Float64[np.ndarray, " k"],
) -> tuple[float, Float64[np.ndarray, " k"]]:
    """The squared norm, and each vector's relative distance above it along the point."""
    heights = cosines @ point
    height = float(point @ heights)
    return height, (heights - slopes * height) / point.sum()


def _descend(
    lifted: Float64[np.ndarray, "k k"],
    slopes: Float64[np.ndarray, " k"],
    point: Float64[np.ndarray, " k"],
    support: Bool[np.ndarray, " k"],
    pivot: float,
) -> Float64[np.ndarray, " k"]:
    """The nearest point of the affine hull of the members, dropping those of weight zero.

    The point itself where members are affinely dependent, up to `pivot`.
    """
    while True:
        target = np.zeros_like(point)
        rows = np.flatnonzero(support)
        try:
            factor = cho_factor(lifted[np.ix_(rows, rows)], lower=True, check_finite=False)
        except LinAlgError:
            return point
        if factor[0].diagonal().min() < pivot:
            return point
        solution = cho_solve(factor, slopes[rows], check_finite=False)
        target[rows] = solution / (slopes[rows] @ solution)
        if (target[rows] > 0).all():
            return target
        blocking = np.flatnonzero(support & (target <= 0))
        steps = point[blocking] / np.maximum(point[blocking] - target[blocking], _TINY)
        point = point + steps.min() * (target - point)
        leaving = blocking[(steps == steps.min()) | (point[blocking] <= 0)]
        point[leaving] = 0.0
        support = support.copy()
        support[leaving] = False
