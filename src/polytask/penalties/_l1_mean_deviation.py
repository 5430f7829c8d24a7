"""Absolute distance of tasks to their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import as_matrix, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["L1MeanDeviation"]

_STEPS_PER_ROUND = 4
_MOST_ROUNDS = 25


@dataclass(frozen=True)
class L1MeanDeviation(Penalty):
    r"""The sum of absolute distances of the tasks' parameters to their mean.

    .. math:: \alpha \sum_k \|W_k - \bar W\|_1

    Its proximal map makes parameters exactly equal to the mean over tasks, and leaves a few tasks
    apart in each.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    Notes
    -----
    The penalty of Evgeniou and Pontil (2004) with absolute in place of squared distances; it is the
    L1 penalty of :math:`v_k` in Jalali et al.'s "dirty model" whose common part is the mean.

    The proximal point keeps the mean over tasks, and its deviations from it are
    :math:`\operatorname{soft}(W_k - \bar W - \nu, \mathrm{step}\cdot\alpha)`, with :math:`\nu` such
    that they sum to zero. The sum is piecewise linear in :math:`\nu`, so that Newton's method with
    bisection finds it to rounding in a few steps.

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.
    Jalali, Ravikumar, Sanghavi and Ruan, "A dirty model for multi-task learning", NeurIPS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import L1MeanDeviation
    >>> weights = np.array([[0.0], [3.5], [4.5], [8.0]])
    >>> L1MeanDeviation(alpha=1.0).prox(weights, step=1.0).T
    array([[1., 4., 4., 7.]])
    """

    smooth: ClassVar[bool] = False

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of absolute distances to the mean, times alpha."""
        xp = namespace(weights)
        return self.alpha * xp.sum(xp.abs(weights - xp.mean(weights, axis=0, keepdims=True)))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The signs of the deviations less their mean over tasks, times alpha."""
        xp = namespace(weights)
        signs = xp.sign(weights - xp.mean(weights, axis=0, keepdims=True))
        return self.alpha * (signs - xp.mean(signs, axis=0, keepdims=True))

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Deviations from the mean shrunk, those that are small to zero."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        mean = xp.mean(matrix, axis=0)
        threshold = step * self.alpha
        low, high = xp.min(matrix, axis=0) - mean, xp.max(matrix, axis=0) - mean
        apart = high - low > 2 * threshold
        shift = xp.zeros_like(mean)
        bounds = low[apart], high[apart]
        shift[apart] = _shift((matrix - mean)[:, apart], threshold, bounds, shift[apart])
        shrunk = _soft(matrix - mean - shift, threshold)
        # Rounding of the shift must not part tasks of which all are equal.
        point = mean + xp.where(apart, shrunk, xp.zeros_like(shrunk))
        return xp.reshape(point, weights.shape)


def _shift(
    deviations: Array,
    threshold: float,
    bounds: tuple[Array, Array],
    shift: Array,
    n_rounds: int = _MOST_ROUNDS,
) -> Array:
    """The shift after which soft-thresholded deviations sum to zero over tasks.

    A few steps solve most columns, and further rounds see only the others.
    """
    xp = namespace(deviations)
    low, high = bounds
    largest = xp.max(xp.abs(deviations), axis=0) + threshold
    rounding = deviations.shape[0] * xp.finfo(deviations.dtype).eps * largest
    for _ in range(_STEPS_PER_ROUND):
        shrunk = _soft(deviations - shift, threshold)
        excess = xp.sum(shrunk, axis=0)
        low, high = xp.where(excess > 0, shift, low), xp.where(excess < 0, shift, high)
        n_apart = xp.sum(xp.astype(shrunk != 0, shrunk.dtype), axis=0)
        newton = shift + excess / xp.clip(n_apart, 1.0)
        better = xp.where((newton > low) & (newton < high), newton, (low + high) / 2)
        shift = xp.where(xp.abs(excess) > rounding, better, shift)
    left = xp.abs(xp.sum(_soft(deviations - shift, threshold), axis=0)) > rounding
    if n_rounds and xp.any(left):
        bounds = low[left], high[left]
        shift[left] = _shift(deviations[:, left], threshold, bounds, shift[left], n_rounds - 1)
    return shift


def _soft(values: Array, threshold: float) -> Array:
    """Values moved towards zero by a threshold, those within it to zero."""
    return values - namespace(values).clip(values, -threshold, threshold)
