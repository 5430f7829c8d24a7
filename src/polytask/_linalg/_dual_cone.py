"""Projections onto the cone of directions without a negative slope."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from scipy.linalg import LinAlgError, cho_factor

from polytask._linalg._cone_pivots import (
    PROXIMITY,
    TOLERANCE,
    descend_active_set,
    pivot_blocks,
    residuals,
)
from polytask._linalg._min_norm_point import min_norm_point
from polytask._linalg._normalised_gramian import damped
from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["project_dual_cone"]

_PIVOT = 1e-4
_ROUNDS = 30
_STEPS = 8
_PROGRESS = 0.7
_MANY = 150
_VANISHED = 1e-9
_TINY = float(np.finfo(np.float64).tiny)
_EPSILON = float(np.finfo(np.float64).eps)


def project_dual_cone(
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
        One problem per row: the u, not negative, of the combination that is projected.
    precision : float, optional
        Relative precision of the Gramian's entries; that of float64 by default. Less precise
        Gramians are `damped`, which bounds the weights where vectors cancel.

    Returns
    -------
    array of shape (n, k)
        Weights w. At the optimum, :math:`G w \ge 0`, with equality where :math:`w_i > u_i`; here
        within 1e-12 of the vectors' lengths times their weighted lengths.

    Notes
    -----
    Block principal pivoting [1]_ for all problems at once, on the vectors scaled to unit length.
    The linear systems are those of a proximal-point step, which allows dependent vectors without
    regularising the result. Problems that have not converged after some rounds are finished by an
    active-set method that descends at each step [2]_. Where G is singular, different weights give
    the same projection.

    References
    ----------
    .. [1] Júdice & Pires, *A block principal pivoting algorithm for large-scale strictly
       monotone linear complementarity problems*, Computers & Operations Research 21, 1994.
    .. [2] Lawson & Hanson, *Solving Least Squares Problems*, 1974.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import project_dual_cone
    >>> project_dual_cone(np.array([[1.0, -1.0], [-1.0, 2.0]]), np.eye(2))
    array([[1. , 0.5],
           [1. , 1. ]])
    """
    if gramian.size == 0 or not np.isfinite(gramian).all():
        expected = "a finite matrix of at least one row"
        raise ParameterError(message("project_dual_cone", "gramian", expected, gramian))
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
    """Solve for unit vectors and rows of `least` that sum to 1."""
    cosines, pivot = _definite(cosines)
    if pivot < _PIVOT:
        balanced = _vanishing_weights(cosines)
        if balanced is not None:
            return (least / balanced).max(axis=1, keepdims=True) * balanced
        weights = pivot_blocks(cosines, least, least.copy(), PROXIMITY)
    else:
        start = _approach(cosines, least) if len(cosines) > _MANY else least.copy()
        weights = pivot_blocks(cosines, least, start, 0.0)
    for problem in np.flatnonzero(residuals(cosines, least, weights) > TOLERANCE):
        weights[problem] = descend_active_set(cosines, least[problem], weights[problem])
    return weights


def _vanishing_weights(cosines: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, " k"] | None:
    """Positive weights with which all vectors sum to zero, or None."""
    shares = min_norm_point(cosines)
    if np.abs(cosines @ shares).max() > _VANISHED:
        return None
    ones = np.ones(len(cosines))
    weights = descend_active_set(
        cosines, ones, ones + shares / max(shares[shares > 0].min(), _VANISHED)
    )
    vanishes = np.abs(cosines @ weights).max() <= TOLERANCE * weights.sum()
    return weights if vanishes else None


def _approach(
    cosines: Float64[np.ndarray, "k k"], least: Float64[np.ndarray, "n k"]
) -> Float64[np.ndarray, "n k"]:
    """Rounds of conjugate-gradient steps on the free coordinates of all problems."""
    weights, before = least.copy(), np.inf
    for _ in range(_ROUNDS):
        wrong = residuals(cosines, least, weights)
        left = np.flatnonzero(wrong > TOLERANCE)
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
    np.fill_diagonal(cosines, 1.0 + PROXIMITY)
    try:
        factor, _ = cho_factor(cosines, lower=True, check_finite=False)
        pivot = float(factor.diagonal().min())
    except LinAlgError:
        values, vectors = np.linalg.eigh(cosines)
        return (vectors * np.maximum(values, 0.0)) @ vectors.T, 0.0
    np.fill_diagonal(cosines, 1.0)
    return cosines, pivot
