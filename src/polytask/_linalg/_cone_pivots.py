"""Two solvers for projections onto a dual cone: block pivoting, and an active set."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from scipy.linalg import cho_factor, cho_solve

__all__ = ["PROXIMITY", "TOLERANCE", "descend_active_set", "pivot_blocks", "residuals"]

TOLERANCE = 1e-12
PROXIMITY = 1e-10
_ROUNDS = 30
_PATIENCE = 3
_SMALL = 65
_TURNS = 10
_NOISE = 1e-15


def residuals(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, "n k"],
    weights: Float64[np.ndarray, "n k"],
) -> Float64[np.ndarray, " n"]:
    """Largest violation of the optimality conditions, relative to the weights."""
    slopes = weights @ cosines
    wrong = np.where(weights > least, np.abs(slopes), -slopes)
    return wrong.max(axis=1) / weights.sum(axis=1)


def pivot_blocks(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, "n k"],
    weights: Float64[np.ndarray, "n k"],
    proximity: float,
) -> Float64[np.ndarray, "n k"]:
    """Exchange all wrong signs at once; where these stop decreasing, the last one only."""
    size = len(cosines)
    damped = cosines + proximity * np.eye(size)
    free = (weights > least) | (weights @ cosines < 0)
    fewest = np.full(len(least), size + 1)
    chances = np.full(len(least), _PATIENCE)
    left = np.flatnonzero(residuals(cosines, least, weights) > TOLERANCE)
    for _ in range(_ROUNDS if len(left) else 0):
        near = np.where(free[left], weights[left], least[left])
        solved = near + _steps(damped, -(near @ cosines), free[left])
        weights[left] = np.maximum(solved, least[left])
        room = TOLERANCE * np.abs(solved).sum(axis=1, keepdims=True)
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
    """Solve each problem's system in its free coordinates; small ones in one batch."""
    steps = np.zeros_like(right)
    sizes = free.sum(axis=1)
    order = np.argsort(sizes, kind="stable")
    small = np.searchsorted(sizes[order], _SMALL)
    if small:
        rows = order[:small]
        steps[rows] = _solve_padded(matrix, right[rows], free[rows])
    for row in order[small:]:
        chosen = np.flatnonzero(free[row])
        steps[row, chosen] = _solve(matrix[np.ix_(chosen, chosen)], right[row, chosen])
    return steps


def _solve_padded(
    matrix: Float64[np.ndarray, "k k"],
    right: Float64[np.ndarray, "n k"],
    free: Bool[np.ndarray, "n k"],
) -> Float64[np.ndarray, "n k"]:
    """Solve all systems in one batch, padded to one size by rows of the identity."""
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


def descend_active_set(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, " k"],
    weights: Float64[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """Let coordinates of negative slope enter, several at once while that descends."""
    damped = cosines + PROXIMITY * np.eye(len(cosines))
    batch, height, worst = len(least), *_height_and_worst(cosines, least, weights)
    for _ in range(_TURNS * len(least)):
        if worst <= TOLERANCE:
            break
        free = weights > least
        slopes = np.where(free, 0.0, cosines @ weights)
        entering = np.argsort(slopes)[: min(batch, (slopes < 0).sum())]
        free[entering] = True
        candidate = _descend(cosines, damped, least, weights, free)
        lower, smaller = _height_and_worst(cosines, least, candidate)
        noise = _NOISE * candidate.sum() ** 2
        if lower < height - noise or (lower <= height + noise and smaller < worst):
            weights, height, worst, batch = candidate, lower, smaller, 2 * batch
        elif len(entering) > 1:
            batch = max(1, len(entering) // 4)
        else:  # a single one fails only by rounding
            break
    return weights


def _height_and_worst(
    cosines: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, " k"],
    weights: Float64[np.ndarray, " k"],
) -> tuple[float, float]:
    """The squared norm of the combination, and its residual."""
    worst = residuals(cosines, least[None], weights[None])[0]
    return float(weights @ cosines @ weights), float(worst)


def _descend(
    cosines: Float64[np.ndarray, "k k"],
    damped: Float64[np.ndarray, "k k"],
    least: Float64[np.ndarray, " k"],
    weights: Float64[np.ndarray, " k"],
    free: Bool[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """Make free slopes zero by proximal steps; coordinates that reach their bound leave."""
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
