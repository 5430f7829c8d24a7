"""Absolute distance of tasks to their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["L1MeanDeviation"]


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
    that they sum to zero. It is exact: the sum is piecewise linear in :math:`\nu`, and its
    breakpoints, two per task, are sorted.

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
        if weights.shape[0] == 1:
            return xp.asarray(weights, copy=True)
        mean = xp.mean(weights, axis=0, keepdims=True)
        threshold = step * self.alpha
        shifted = weights - mean - _shift(weights - mean, threshold)
        zero = xp.zeros_like(shifted)
        above, below = xp.maximum(shifted - threshold, zero), xp.minimum(shifted + threshold, zero)
        spread = xp.max(weights, axis=0, keepdims=True) - xp.min(weights, axis=0, keepdims=True)
        # Rounding of the shift must not part tasks of which all are equal.
        return mean + xp.where(spread <= 2 * threshold, zero, above + below)


def _shift(deviations: Array, threshold: float) -> Array:
    """The shift after which soft-thresholded deviations sum to zero over tasks."""
    xp = namespace(deviations)
    n_tasks = deviations.shape[0]
    points = xp.concat([deviations - threshold, deviations + threshold])
    ones = xp.ones_like(deviations)
    order = xp.argsort(points, axis=0)
    points = xp.take_along_axis(points, order, axis=0)
    bends = xp.take_along_axis(xp.concat([ones, -ones]), order, axis=0)
    slopes = xp.cumulative_sum(bends, axis=0)[:-1, ...] - n_tasks
    rises = slopes * (points[1:, ...] - points[:-1, ...])
    first = n_tasks * (-threshold - points[:1, ...])
    sums = xp.cumulative_sum(xp.concat([first, rises]), axis=0)
    last = xp.count_nonzero(sums[:-1, ...] > 0, axis=0, keepdims=True) - 1
    last = xp.maximum(last, xp.zeros_like(last))
    at, slope, left = (xp.take_along_axis(part, last, axis=0) for part in (points, slopes, sums))
    return at - left / xp.where(slope == 0, -xp.ones_like(slope), slope)
