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
        matrix = as_matrix(weights)
        return self.alpha * xp.sum(_ranks(matrix) * xp.sort(matrix, axis=0))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """How many tasks lie below less how many lie above, times alpha; ties are in task order."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        place = xp.argsort(xp.argsort(matrix, axis=0), axis=0)
        signs = xp.astype(2 * place - (matrix.shape[0] - 1), matrix.dtype)
        return self.alpha * xp.reshape(signs, weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Tasks moved towards each other; those that meet stay together."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        order = xp.argsort(matrix, axis=0)
        moved = xp.take_along_axis(matrix, order, axis=0) - step * self.alpha * _ranks(matrix)
        back = xp.argsort(order, axis=0)
        return xp.reshape(xp.take_along_axis(isotonic(moved), back, axis=0), weights.shape)


def _ranks(matrix: Array) -> Array:
    """Slopes of the penalty over sorted tasks, 1 − n_tasks, 3 − n_tasks, …, n_tasks − 1."""
    xp = namespace(matrix)
    n_tasks = matrix.shape[0]
    slopes = xp.arange(n_tasks) * 2 - (n_tasks - 1)
    return like(xp.reshape(slopes, (n_tasks, 1)), matrix)
