"""Projections onto the cone in which no slope is negative."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from polytask._linalg._gramian import damped
from polytask._linalg._min_norm_point import min_norm_point
from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["dual_cone"]

_TOLERANCE = 1e-12
_PROXIMITY = 1e-10
_PIVOT = 1e-4
_ROUNDS = 30
_PATIENCE = 3
_STEPS = 8
_PROGRESS = 0.7
_SMALL = 65
_MANY = 150
_VANISHED = 1e-9
_TINY = float(np.finfo(np.float64).tiny)
_TURNS = 10
_NOISE = 1e-15
_EPSILON = float(np.finfo(np.float64).eps)


def dual_cone(
    gramian: Float64[np.ndarray, "k k"],
    weights: Float64[np.ndarray, "n k"],
    precision: float = _EPSILON,
) -> Float64[np.ndarray, "n k"]:
    r"""Project combinations :math:`J^\top u` onto the dual cone of the rows of J.

    .. math:: \min_{w \ge u} w^\top G w, \qquad G = J J^\top

    :math:`d = J^\top w` is then the vector nearest to :math:`J^\top u` with :math:`J d \ge 0`.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products of k vectors, of any scale and rank.
    weights : array of shape (n, k)
        One problem a row: the u of the combination that is projected, not negative.
    precision : float, optional
        Relative precision of the Gramian's entries; that of float64 by default. What is less
        precise is `damped`, which bounds the weights where vectors cancel.

    Returns
    -------
    array of shape (n, k)
        Weights w. At the optimum, :math:`G w \ge 0`, with equality where :math:`w_i > u_i`; here
        within 1e-12 of the vectors' lengths times their weighted lengths.

    Notes
    -----
    Block principal pivoting [1]_ for all problems at once, on the vectors scaled to unit length.
    The linear systems are those of a proximal-point step, so that dependent vectors do no harm
    and nothing is regularised in the result. What has not settled after some rounds is finished
    by an active-set method that descends at each step [2]_. Where G is singular many weights
    make the same projection.

    References
    ----------
    .. [1] Júdice & Pires, *A block principal pivoting algorithm for large-scale strictly
       monotone linear complementarity problems*, Computers & Operations Research 21, 1994.
    .. [2] Lawson & Hanson, *Solving Least Squares Problems*, 1974.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import dual_cone
    >>> dual_cone(np.array([[1.0, -1.0], [-1.0, 2.0]]), np.eye(2))
    array([[1. , 0.5],
           [1. , 1. ]])
    """
    if gramian.size == 0 or not np.isfinite(gramian).all():
        expected = "a finite matrix of at least one row"
        raise ParameterError(message("dual_cone", "gramian", expected, gramian))
    gramian = damped(gramian, precision)
    lengths = np.sqrt(np.maximum(np.diag(gramian), 0.0))
    rows = np.flatnonzero(lengths)
    cosines = gramian[np.ix_(rows, rows)]
    cosines = (cosines + cosines.T) / 2 / lengths[rows] / lengths[rows, None]
    scaled = weights[:, rows] * (lengths[rows] / lengths.max(initial=1e-300))
    sizes = scaled.sum(axis=1)
    problems = np.flatnonzero(sizes)
    if len(problems) == 0:
        return weights.copy()
    least = scaled[problems] / sizes[problems, None]
    added = _project(cosines, least) - least
    added *= sizes[problems, None] * (lengths.max() / lengths[rows])
    projected = weights.copy()
    projected[np.ix_(problems, rows)] += np.maximum(added, 0.0)
    return projected


def _project(
    cosines: Float64[np.ndarray, "k k"], least: Float64[np.ndarray, "n k"]
) -> Float64[np.ndarray, "n k"]:
    """Solve with unit vectors and rows of `least` that sum to 1."""
    cosines, pivot = _definite(cosines)
    if pivot < _PIVOT:
        balanced = _balanced(cosines)
        if balanced is not None:
            return (least / balanced).max(axis=1, keepdims=True) * balanced
        weights = _pivot(cosines, least, least.copy(), _PROXIMITY)
    else:
        start = _approach(cosines, least) if len(cosines) > _MANY else least.copy()
        weights = _pivot(cosines, least, start, 0.0)
    for problem in np.flatnonzero(_residuals(cosines, least, weights) > _TOLERANCE):
        weights[problem] = _finish(cosines, least[problem], weights[problem])
    return weights


def _balanced(cosines: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, " k"] | None:
    """Positive weights of all vectors that sum to zero, if there are any."""
    shares = min_norm_point(cosines)
    if np.abs(cosines @ shares).max() > _VANISHED:
        return None
    ones = np.ones(len(cosines))
    weights = _finish(cosines, ones, ones + shares / max(shares[shares > 0].min(), _VANISHED))
    vanishes = np.abs(cosines @ weights).max() <= _TOLERANCE * weights.sum()
    return weights if vanishes else None


def _approach(
    cosines: Float64[np.ndarray, "k k"], least: Float64[np.ndarray, "n k"]
) -> Float64[np.ndarray, "n k"]:
    """Some conjugate-gradient steps on the free coordinates of all problems, then new ones."""
    weights, before = least.copy(), np.inf
    for _ in range(_ROUNDS):
        wrong = _residuals(cosines, least, weights)
        left = np.flatnonzero(wrong > _TOLERANCE)
        if len(left) == 0 or wrong.sum() > _PROGRESS * before:
            break
        before = wrong.sum()
        slopes = weights[left] @ cosines
        free = (weights[left] > least[left]) | (slopes < 0)
        steps = _conjugate_steps(cosines, np.where(free, -slopes, 0.0), free)
        weights[left] = np.maximum(weights[left] + steps, least[left])
    return weights


def _conjugate_steps(
    cosines: Float64[np.ndarray, "k k"],
    right: Float64[np.ndarray, "n k"],
    free: Bool[np.ndarray, "n k"],
) -> Float64[np.ndarray, "n k"]:
    """Approximate solutions of each problem's system of its free coordinates."""
    steps, rest, direction = np.zeros_like(right), right, right
    square = (rest**2).sum(axis=1, keepdims=True)
    for _ in range(_STEPS):
        image = np.where(free, direction @ cosines, 0.0)
        share = square / np.maximum((direction * image).sum(axis=1, keepdims=True), _TINY)
        steps, rest = steps + share * direction, rest - share * image
        before, square = square, (rest**2).sum(axis=1, keepdims=True)
        direction = rest + square / np.maximum(before, _TINY) * direction
    return steps


def _definite(
    cosines: Float64[np.ndarray, "k k"],
) -> tuple[Float64[np.ndarray, "k k"], float]:
    """The matrix without negative eigenvalues that rounding made, and its smallest pivot."""
    cosines = cosines.copy()
    np.fill_diagonal(cosines, 1.0 + _PROXIMITY)
    try:
        factor, _ = cho_factor(cosines, lower=True, check_finite=False)
        pivot = float(factor.diagonal().min())
    except LinAlgError:
        values, vectors = np.linalg.eigh(cosines)
        return (vectors * np.maximum(values, 0.0)) @ vectors.T, 0.0
    np.fill_diagonal(cosines, 1.0)
    return cosines, pivot


def _residuals(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, "n k"],
    weights: Float64[np.ndarray, "n k"],
) -> Float64[np.ndarray, " n"]:
    """Largest violation of the optimality conditions, relative to the weights."""
    slopes = weights @ cosines
    wrong = np.where(weights > least, np.abs(slopes), -slopes)
    return wrong.max(axis=1) / weights.sum(axis=1)


def _pivot(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, "n k"],
    weights: Float64[np.ndarray, "n k"],
    proximity: float,
) -> Float64[np.ndarray, "n k"]:
    """Exchange all wrong signs at once; where that stops paying, the last one only."""
    size = len(cosines)
    damped = cosines + proximity * np.eye(size)
    free = (weights > least) | (weights @ cosines < 0)
    fewest = np.full(len(least), size + 1)
    chances = np.full(len(least), _PATIENCE)
    left = np.flatnonzero(_residuals(cosines, least, weights) > _TOLERANCE)
    for _ in range(_ROUNDS if len(left) else 0):
        near = np.where(free[left], weights[left], least[left])
        solved = near + _steps(damped, -(near @ cosines), free[left])
        weights[left] = np.maximum(solved, least[left])
        room = _TOLERANCE * np.abs(solved).sum(axis=1, keepdims=True)
        wrong = np.where(free[left], solved - least[left], solved @ cosines) < -room
        count = wrong.sum(axis=1)
        better = count < fewest[left]
        fewest[left] = np.where(better, count, fewest[left])
        chances[left] = np.where(better, _PATIENCE, chances[left] - 1)
        last = wrong & (np.cumsum(wrong, axis=1) == count[:, None])
        free[left] ^= np.where(chances[left, None] >= 0, wrong, last)
        left = left[count > 0]
        if len(left) == 0:
            break
    return weights


def _steps(
    matrix: Float64[np.ndarray, "k k"],
    right: Float64[np.ndarray, "n k"],
    free: Bool[np.ndarray, "n k"],
) -> Float64[np.ndarray, "n k"]:
    """Solve each problem's system of its free coordinates; small ones side by side."""
    steps = np.zeros_like(right)
    sizes = free.sum(axis=1)
    order = np.argsort(sizes, kind="stable")
    small = np.searchsorted(sizes[order], _SMALL)
    if small:
        rows = order[:small]
        steps[rows] = _side_by_side(matrix, right[rows], free[rows])
    for row in order[small:]:
        chosen = np.flatnonzero(free[row])
        steps[row, chosen] = _solve(matrix[np.ix_(chosen, chosen)], right[row, chosen])
    return steps


def _side_by_side(
    matrix: Float64[np.ndarray, "k k"],
    right: Float64[np.ndarray, "n k"],
    free: Bool[np.ndarray, "n k"],
) -> Float64[np.ndarray, "n k"]:
    """The systems padded to one size by rows of the identity."""
    width = int(free.sum(axis=1).max())
    chosen = np.argsort(~free, axis=1, kind="stable")[:, :width]
    real = np.take_along_axis(free, chosen, axis=1)
    systems = matrix[chosen[:, :, None], chosen[:, None, :]]
    systems = np.where(real[:, :, None] & real[:, None, :], systems, np.eye(width))
    values = np.where(real, np.take_along_axis(right, chosen, axis=1), 0.0)
    steps = np.zeros_like(right)
    np.put_along_axis(steps, chosen, np.linalg.solve(systems, values[:, :, None])[:, :, 0], axis=1)
    return steps


def _solve(
    matrix: Float64[np.ndarray, "f f"], right: Float64[np.ndarray, " f"]
) -> Float64[np.ndarray, " f"]:
    factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, right, check_finite=False))


def _finish(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, " k"],
    weights: Float64[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """Let slopes that are negative enter, several at once while that descends."""
    damped = cosines + _PROXIMITY * np.eye(len(cosines))
    most, height, worst = len(least), *_height_and_worst(cosines, least, weights)
    for _ in range(_TURNS * len(least)):
        if worst <= _TOLERANCE:
            break
        free = weights > least
        slopes = np.where(free, 0.0, cosines @ weights)
        entering = np.argsort(slopes)[: min(most, (slopes < 0).sum())]
        free[entering] = True
        candidate = _descend(cosines, damped, least, weights, free)
        lower, smaller = _height_and_worst(cosines, least, candidate)
        noise = _NOISE * candidate.sum() ** 2
        if lower < height - noise or (lower <= height + noise and smaller < worst):
            weights, height, worst, most = candidate, lower, smaller, 2 * most
        elif len(entering) > 1:
            most = max(1, len(entering) // 4)
        else:  # a single one always helps, but for rounding
            break
    return weights


def _height_and_worst(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, " k"],
    weights: Float64[np.ndarray, " k"],
) -> tuple[float, float]:
    """The squared norm of the combination, and the residual."""
    worst = _residuals(cosines, least[None], weights[None])[0]
    return float(weights @ cosines @ weights), float(worst)


def _descend(
    cosines: Float64[np.ndarray, "k k"],
    damped: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, " k"],
    weights: Float64[np.ndarray, " k"],
    free: Bool[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """Make free slopes zero by a proximal step; those that reach their least weight leave."""
    while free.any():
        rows = np.flatnonzero(free)
        step = np.zeros_like(weights)
        step[rows] = _solve(damped[np.ix_(rows, rows)], -(cosines @ weights)[rows])
        room = weights - least
        blocking = np.flatnonzero(free & (room + step < 0))
        if len(blocking) == 0:
            return weights + step
        shares = room[blocking] / -step[blocking]
        weights = weights + shares.min() * step
        leaving = blocking[(shares == shares.min()) | (room[blocking] <= 0)]
        weights[leaving] = least[leaving]
        weights = np.maximum(weights, least)
        free = free.copy()
        free[leaving] = False
    return weights
