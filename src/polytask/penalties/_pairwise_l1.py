"""Absolute differences between all pairs of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._isotonic import isotonic
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["PairwiseL1"]


@dataclass(frozen=True)
class PairwiseL1(Penalty):
    r"""The sum of absolute differences between the parameters of all pairs of tasks.

    .. math:: \alpha \sum_{i<j} \|W_i - W_j\|_1

    Its proximal map makes tasks exactly equal to each other, so that each parameter divides the
    tasks into clusters of its own.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength. A task meets n_tasks − 1 differences, so equal strengths pull more the more tasks
        there are.

    Notes
    -----
    The fused lasso over the complete graph, here without a lasso of W itself. As long as the tasks
    keep their order, the penalty is linear in the sorted values; so the proximal point is the
    isotonic regression of these, shifted by their slopes. It is exact.

    References
    ----------
    Hocking, Joulin, Bach and Vert, "Clusterpath: an algorithm for clustering using convex fusion
    penalties", ICML 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import PairwiseL1
    >>> weights = np.array([[1.0, 1.0], [1.2, 1.5], [8.0, 0.5]])
    >>> PairwiseL1(alpha=0.2).prox(weights, step=1.0).round(2)
    array([[1.3, 1. ],
           [1.3, 1.1],
           [7.6, 0.9]])
    """

    smooth: ClassVar[bool] = False

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of absolute differences, times alpha."""
        xp = namespace(weights)
        return self.alpha * xp.sum(_slopes(weights) * xp.sort(_by_task(weights), axis=1))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """How many tasks lie below less how many lie above, times alpha; ties are in task order."""
        xp = namespace(weights)
        ranks = xp.argsort(xp.argsort(_by_task(weights), axis=1), axis=1)
        slopes = xp.astype(2 * ranks - (weights.shape[0] - 1), weights.dtype)
        return self.alpha * xp.reshape(xp.matrix_transpose(slopes), weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Tasks moved towards each other; those that meet stay together."""
        xp = namespace(weights)
        values = _by_task(weights)
        order = xp.argsort(values, axis=1)
        moved = xp.take_along_axis(values, order, axis=1) - step * self.alpha * _slopes(weights)
        point = xp.take_along_axis(isotonic(moved), xp.argsort(order, axis=1), axis=1)
        return xp.reshape(xp.matrix_transpose(point), weights.shape)


def _by_task(weights: Array) -> Array:
    """W as (n_features, n_tasks), contiguous in memory, which makes sorting fast."""
    xp = namespace(weights)
    flat = xp.reshape(xp.matrix_transpose(as_matrix(weights)), (-1,))
    return xp.reshape(flat, (-1, weights.shape[0]))


def _slopes(weights: Array) -> Array:
    """Slopes of the penalty over sorted tasks, 1 − n_tasks, 3 − n_tasks, …, n_tasks − 1."""
    n_tasks = weights.shape[0]
    return like(namespace(weights).arange(n_tasks) * 2 - (n_tasks - 1), weights)
