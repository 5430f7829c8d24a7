"""Parameters of a few tasks alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["TaskNorms"]


@dataclass(frozen=True)
class TaskNorms(Penalty):
    r"""The sum of the norms of the tasks' parameters.

    .. math:: \alpha \sum_k \|W_{k:}\|_2

    Its proximal map sets all parameters of a task to zero at once. As the second part of a sum it leaves
    those tasks that differ from what the first describes: outliers.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    References
    ----------
    Chen, Zhou and Ye, "Integrating low-rank and group-sparse structures for robust multi-task learning",
    KDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import TaskNorms
    >>> TaskNorms(alpha=1.0).prox(np.array([[3.0, 4.0], [0.3, 0.4]]), step=1.0)
    array([[2.4, 3.2],
           [0. , 0. ]])
    """

    smooth: ClassVar[bool] = False
    rotates: ClassVar[bool] = True

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of norms, times alpha."""
        return self.alpha * namespace(weights).sum(_norms(weights))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """Tasks divided by their norms, times alpha; zero where the norm is."""
        norms = _norms(weights)
        one = namespace(weights).ones_like(norms)
        return self.alpha * weights / namespace(weights).where(norms > 0, norms, one)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Tasks shortened, those that are short to zero."""
        xp = namespace(weights)
        norms = _norms(weights)
        left = xp.clip(norms - step * self.alpha, 0.0)
        return weights * (left / xp.where(norms > 0, norms, xp.ones_like(norms)))

    def dual_norm(self, gradient: Array) -> float:
        """The longest task."""
        return float(namespace(gradient).max(_norms(gradient)))


def _norms(weights: Array) -> Array:
    axes = tuple(range(1, len(weights.shape)))
    return namespace(weights).linalg.vector_norm(weights, axis=axes, keepdims=True)
