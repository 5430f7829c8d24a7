"""Directions near the mean of some vectors along which the smallest slope is largest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float64
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import brentq

from polytask._linalg._min_norm_point import min_norm_point
from polytask._linalg._normalised_gramian import damped, normalised

__all__ = ["max_min_slope_in_ball", "max_min_slope_in_cone"]

_ROUNDING = 1e-13
_EPSILON = float(np.finfo(np.float64).eps)
_PRECISION = 4 * _EPSILON
_NEAR = 1e-6
_ROUNDS = 100

# The excess of a combination over what is required, which grows with the pull.
_Excess = Callable[[float, Float64[np.ndarray, " k"]], float]


def max_min_slope_in_ball(
    gramian: Float64[np.ndarray, "k k"], radius: float, precision: float = _EPSILON
) -> Float64[np.ndarray, " k"]:
    r"""Maximise :math:`\min_i g_i^\top d` over :math:`\lVert d - g_0 \rVert \le r \lVert g_0 \rVert`.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products of k vectors, of any scale and rank; :math:`g_0` is their mean.
    radius : float
        The r above, not negative.
    precision : float, optional
        Relative precision of the Gramian's entries; that of float64 by default. Less precise
        Gramians are `damped`.

    Returns
    -------
    array of shape (k,)
        Weights of d: 1 / k each, and more for the vectors of the smallest slopes.

    Notes
    -----
    The dual problem is :math:`\min_w g_w^\top g_0 + r \lVert g_0 \rVert \lVert g_w \rVert` with
    :math:`g_w = J^\top w` and w on the simplex. Its solution is that of
    :math:`\min_w \lVert g_w + s g_0 \rVert` for the one pull s with
    :math:`\lVert g_w \rVert = s r \lVert g_0 \rVert`, and :math:`d = g_0 + g_w / s`. While the
    same vectors have weight, w is linear in s: the equation is solved on one such piece after the
    other.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import max_min_slope_in_ball
    >>> max_min_slope_in_ball(np.array([[1.0, 0.0], [0.0, 1.0]]), 0.5)
    array([0.75, 0.75])
    """
    family = _ShiftedVectors.of(damped(gramian, precision))
    reach = radius * family.mean_length
    if reach <= 0:
        return family.even

    def excess(pull: float, weights: Float64[np.ndarray, " k"]) -> float:
        return pull * reach - family.length(weights)

    lowest = family.length(min_norm_point(family.gramian)) / reach
    pull, weights = _search(family, excess, (lowest / 2, 2 / reach), 1 / radius, lowest == 0)
    length = family.length(weights)
    return family.even + weights * (1 / pull if length == 0 else min(1 / pull, reach / length))


def max_min_slope_in_cone(
    gramian: Float64[np.ndarray, "k k"], cosine: float, precision: float = _EPSILON
) -> Float64[np.ndarray, " k"]:
    r"""Maximise :math:`\min_i g_i^\top d / \lVert d \rVert` over d near the direction of the mean.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products of k vectors, of any scale and rank; :math:`g_0` is their mean.
    cosine : float
        In [0, 1): the smallest cosine between d and :math:`g_0`.
    precision : float, optional
        Relative precision of the Gramian's entries; that of float64 by default. Less precise
        Gramians are `damped`.

    Returns
    -------
    array of shape (k,)
        Weights of the d that is as long as :math:`g_0`.

    Notes
    -----
    Solved like `max_min_slope_in_ball`: d has the direction of the shortest
    :math:`g_w + s g_0`, with the smallest :math:`s \ge 0` at which the cosine is reached. Where
    0 lies in the convex hull no direction has slopes that are all positive; d is then the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import max_min_slope_in_cone
    >>> max_min_slope_in_cone(np.array([[1.0, 0.0], [0.0, 1.0]]), 0.5)
    array([0.5, 0.5])
    """
    family = _ShiftedVectors.of(damped(gramian, precision))
    if family.mean_length == 0:
        return family.even

    def excess(pull: float, weights: Float64[np.ndarray, " k"]) -> float:
        combination = weights + pull * family.even
        along = float(combination @ family.slopes) / family.mean_length
        return along - cosine * family.length(combination)

    weights, pull = min_norm_point(family.gramian), 0.0
    if family.length(weights, 4 * len(weights) * precision) == 0:
        return family.even
    if excess(pull, weights) < 0:
        highest = 1 / (family.mean_length * sqrt(1 - cosine**2))
        pull, weights = _search(family, excess, (0.0, highest), min(1.0, highest), False)
    weights = weights + pull * family.even
    length = family.length(weights)
    return family.even if length == 0 else weights * (family.mean_length / length)


@dataclass(frozen=True, eq=False)
class _ShiftedVectors:
    """Vectors, the longest of length 1, that can be shifted by multiples of their mean."""

    gramian: Float64[np.ndarray, "k k"]
    even: Float64[np.ndarray, " k"]
    slopes: Float64[np.ndarray, " k"]
    mean_length: float

    @classmethod
    def of(cls, gramian: Float64[np.ndarray, "k k"]) -> _ShiftedVectors:
        scaled = normalised(gramian)
        even = np.full(len(scaled), 1 / len(scaled))
        square = float(even @ scaled @ even)
        noise = _ROUNDING * float(even @ np.sqrt(np.maximum(scaled.diagonal(), 0.0))) ** 2
        return cls(scaled, even, scaled @ even, sqrt(square) if square > noise else 0.0)

    def shortest(self, pull: float) -> Float64[np.ndarray, " k"]:
        """Weights of the shortest vector of the hull of the shifted vectors."""
        added = pull * self.slopes
        return min_norm_point(
            self.gramian + added + added[:, None] + (pull * self.mean_length) ** 2
        )

    def length(self, weights: Float64[np.ndarray, " k"], rounding: float = 0.0) -> float:
        """Length of a combination; 0 where it may be rounding."""
        square = float(weights @ self.gramian @ weights)
        parts = np.abs(weights) @ np.sqrt(np.maximum(self.gramian.diagonal(), 0.0))
        return sqrt(square) if square > max(_ROUNDING, rounding) * parts**2 else 0.0

    def piece(
        self, pull: float, weights: Float64[np.ndarray, " k"]
    ) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
        """The weights at pull 0 and their derivative, with the same weights positive."""
        rows = np.flatnonzero(weights > 0)
        lengths = np.sqrt(np.maximum(self.gramian.diagonal()[rows], 0.0))
        lengths[lengths == 0] = 1.0
        ones = lengths.min() / lengths
        lifted = self.gramian[np.ix_(rows, rows)] / lengths / lengths[:, None]
        lifted += ones * ones[:, None]
        solved = _solve(lifted, np.stack([ones, self.slopes[rows] / lengths], axis=1))
        share, part = ones @ solved
        change = np.zeros_like(weights)
        change[rows] = (solved[:, 0] * (part / share) - solved[:, 1]) / lengths
        return weights - pull * change, change


def _solve(
    matrix: Float64[np.ndarray, "s s"], right: Float64[np.ndarray, "s two"]
) -> Float64[np.ndarray, "s two"]:
    try:
        factor = cho_factor(matrix, lower=True, check_finite=False)
        return np.asarray(cho_solve(factor, right, check_finite=False))
    except LinAlgError:
        return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0])


def _search(
    family: _ShiftedVectors,
    excess: _Excess,
    bracket: tuple[float, float],
    pull: float,
    vanishes: bool,
) -> tuple[float, Float64[np.ndarray, " k"]]:
    """The pull without excess, and its weights, from a first guess of the pull.

    Where the solution `vanishes` with the pull, only the limit counts, and all weights on the
    first piece give the direction of the limit.
    """
    low, high = bracket
    weights = family.even
    for _ in range(_ROUNDS):
        weights = family.shortest(pull)
        if excess(pull, weights) < 0:
            low, vanishes = pull, False
        else:
            high = pull
        piece = family.piece(pull, weights)
        root = _root(excess, piece, low, high)
        if vanishes and pull == high and root - low <= _NEAR * pull:
            return _last_of(piece, bracket[1])
        if abs(root - pull) <= _PRECISION * pull:
            break
        pull = root if low < root < high else low + (high - low) * (0.5 if low > 0 else 0.1)
    return pull, weights


def _root(
    excess: _Excess,
    piece: tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]],
    low: float,
    high: float,
) -> float:
    """The pull without excess if weights were linear in it; an end where there is none."""
    start, change = piece

    def along(pull: float) -> float:
        return excess(pull, start + pull * change)

    if along(low) >= 0:
        return low
    if along(high) <= 0:
        return high
    return float(brentq(along, low, high, xtol=_PRECISION * high, rtol=_PRECISION))


def _last_of(
    piece: tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]], high: float
) -> tuple[float, Float64[np.ndarray, " k"]]:
    """The largest pull up to `high` at which no weight has become negative, and the weights."""
    start, change = piece
    falling = change < 0
    pull = min(high, float((start[falling] / -change[falling]).min(initial=high)))
    return pull, np.maximum(start + pull * change, 0.0)
