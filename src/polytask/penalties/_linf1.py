"""Features selected for all tasks by their largest parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import as_matrix, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["LInf1"]


@dataclass(frozen=True)
class LInf1(Penalty):
    r"""The sum over features of the largest absolute parameter of any task.

    .. math:: \alpha \sum_j \max_k |W_{kj}|

    A feature that one task uses costs the other tasks nothing up to the same size, so that its
    parameters tend to be equally large.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    References
    ----------
    Turlach, Venables and Wright, "Simultaneous variable selection", Technometrics 2005.
    Quattoni, Carreras, Collins and Darrell, "An efficient projection for l1,infinity regularization",
    ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import LInf1
    >>> LInf1(alpha=1.0).prox(np.array([[3.0, 0.1], [2.5, 0.2]]), step=1.0)
    array([[2.25, 0.  ],
           [2.25, 0.  ]])
    """

    smooth: ClassVar[bool] = False

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of largest absolute values, times alpha."""
        xp = namespace(weights)
        return self.alpha * xp.sum(xp.max(xp.abs(as_matrix(weights)), axis=0))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The sign of the largest parameter of each feature, times alpha, shared where several are."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        sizes = xp.abs(matrix)
        largest = xp.astype(sizes == xp.max(sizes, axis=0, keepdims=True), matrix.dtype)
        slope = xp.sign(matrix) * largest / xp.sum(largest, axis=0, keepdims=True)
        return self.alpha * xp.reshape(slope, weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Parameters of a feature lowered to one size, such that they lose the threshold in all."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        sizes = xp.abs(matrix)
        limit = _limit(sizes, step * self.alpha)
        point = xp.sign(matrix) * xp.where(sizes < limit, sizes, limit + xp.zeros_like(sizes))
        return xp.reshape(point, weights.shape)

    def dual_norm(self, gradient: Array) -> float:
        """The largest sum of absolute values of a feature."""
        xp = namespace(gradient)
        return float(xp.max(xp.sum(xp.abs(as_matrix(gradient)), axis=0)))


def _limit(sizes: Array, threshold: float) -> Array:
    """The size above which parameters of a feature are cut by the threshold in all; 0 if none is left."""
    xp = namespace(sizes)
    ordered = xp.flip(xp.sort(sizes, axis=0), axis=0)
    count = xp.arange(1, ordered.shape[0] + 1, dtype=sizes.dtype)[:, None]
    limits = (xp.cumulative_sum(ordered, axis=0) - threshold) / count
    return xp.clip(xp.max(limits, axis=0), 0.0)[None, :]
