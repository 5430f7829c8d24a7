"""Weights that solve a fair bargain between vectors."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.linalg.lapack import dposv

from polytask._linalg._min_norm_point import min_norm_point
from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["bargaining_weights"]

_TOLERANCE = 1e-11
_CANCELLATION = 1e6
_DIGITS = 0.01
_N_STEPS = 100
_EPSILON = float(np.finfo(np.float64).eps)


def bargaining_weights(
    gramian: Float64[np.ndarray, "k k"],
    alpha: float = 1.0,
    shares: Float64[np.ndarray, " k"] | None = None,
    precision: float = _EPSILON,
) -> Float64[np.ndarray, " k"]:
    r"""Weights :math:`w > 0` with :math:`(G w)_k = (p_k / w_k)^{1/\alpha}`.

    They minimise a strictly convex function over :math:`w > 0`, with :math:`\beta = 1/\alpha`:

    .. math:: \tfrac12 w^\top G w - \sum_k p_k^\beta \frac{w_k^{1-\beta}}{1-\beta},
              \qquad \text{or } \tfrac12 w^\top G w - \sum_k p_k \log w_k
              \text{ where } \alpha = 1.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products :math:`G = J J^\top` of k vectors, of any scale and rank.
    alpha : float, default 1.0
        Kind of fairness: 1 is Nash's bargain, larger values are nearer to equal slopes :math:`G w`.
    shares : array of shape (k,), optional
        The p, above 0; 1 for all by default.
    precision : float, optional
        Relative precision of the Gramian's entries; that of float64 by default.

    Returns
    -------
    array of shape (k,)
        With relative residuals below 1e-10 or, if larger, the rounding error of :math:`G w`.

    Notes
    -----
    Newton's method with Cholesky factors and a line search, on the vectors scaled to unit length.

    There is no solution where zero is a convex combination of the vectors. Where it is, or nearly
    is (slopes fall below 1e-6, or 100 times the precision, of the terms that they are sums of),
    the weights are those of the shortest vector in the convex hull of the unit vectors, which is
    then about zero. Their average size is that of each vector on its own, but their sum is at
    most 1, so that the rounding error that remains is small against the vectors. Vectors of
    length zero do not take part, and get the others' average weight (1 if all are zero).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import bargaining_weights
    >>> bargaining_weights(np.array([[1.0, 0.0], [0.0, 4.0]]))
    array([1. , 0.5])
    """
    if gramian.size == 0 or not np.isfinite(gramian).all():
        expected = "a finite matrix of at least one row"
        raise ParameterError(message("bargaining_weights", "gramian", expected, gramian))
    beta = 1 / alpha
    lengths = np.sqrt(np.maximum(np.diag(gramian), 0.0))
    rows = np.flatnonzero(lengths)
    if len(rows) == 0:
        return np.ones_like(lengths)
    lengths = lengths[rows]
    cosines = gramian[np.ix_(rows, rows)] / lengths / lengths[:, None]
    cosines = np.clip((cosines + cosines.T) / 2, -1.0, 1.0)
    np.fill_diagonal(cosines, 1.0)
    relative = lengths / lengths.max()
    constant = relative ** (beta - 1)
    if shares is not None:
        constant = constant * shares[rows] ** beta
    limit = min(_CANCELLATION, max(_DIGITS / precision, 1 / _DIGITS))
    alone = constant ** (1 / (1 + beta))
    point = _solve(cosines, constant, alone, beta, limit)
    unit = lengths.max() ** (-2 / (1 + beta))
    if point is None:
        solution = _weights_without_solution(cosines, alone * unit, relative)
    else:
        solution = point / relative * unit
    weights = np.full(len(gramian), solution.mean())
    weights[rows] = solution
    return weights


def _weights_without_solution(
    cosines: Float64[np.ndarray, "k k"],
    alone: Float64[np.ndarray, " k"],
    relative: Float64[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """Weights of the shortest vector, of the size of each alone, but at most 1 in sum."""
    shortest = min_norm_point(cosines)
    size = min(1 / (shortest / alone).mean(), 1 / (shortest / relative).sum())
    return shortest / relative * size


def _solve(
    cosines: Float64[np.ndarray, "k k"],
    constant: Float64[np.ndarray, " k"],
    alone: Float64[np.ndarray, " k"],
    beta: float,
    limit: float,
) -> Float64[np.ndarray, " k"] | None:
    r"""Solve :math:`C y = c \circ y^{-\beta}` for y > 0 unless more than `limit` cancels."""
    height = max(alone @ cosines @ alone, _EPSILON * alone @ alone)
    point = alone * ((constant @ alone ** (1 - beta)) / height) ** (1 / (1 + beta))
    sizes = np.abs(cosines)
    for _ in range(_N_STEPS):
        target = constant * point**-beta
        slopes = cosines @ point
        error = np.abs(slopes / target - 1).max()
        cancellation = (sizes @ point / np.maximum(target, np.abs(slopes))).max()
        if cancellation > limit:
            return None
        if error < max(_TOLERANCE, 8 * _EPSILON * cancellation):
            return point
        hessian = cosines.copy()
        hessian.flat[:: len(point) + 1] += beta * target / point
        _, step, failed = dposv(hessian.T, target - slopes, lower=1, overwrite_a=1)
        if failed:
            return None
        point = point + _step_length(cosines, constant, beta, point, step) * step
    return None


def _step_length(
    cosines: Float64[np.ndarray, "k k"],
    constant: Float64[np.ndarray, " k"],
    beta: float,
    point: Float64[np.ndarray, " k"],
    step: Float64[np.ndarray, " k"],
) -> float:
    """Length of a step: not much past the minimum, and short of the boundary."""
    limit = -float((step / point).min())
    length = 1.0 if limit < 0.9 else 0.9 / limit
    bend = float(step @ cosines @ step)
    weighted = constant * step
    start = float(step @ cosines @ point)
    first = start - float(weighted @ point**-beta)
    for _ in range(20):
        slope = start + length * bend - float(weighted @ (point + length * step) ** -beta)
        if slope <= -0.3 * first or slope <= first:
            break
        length *= max(0.1, first / (first - slope))
    return length
