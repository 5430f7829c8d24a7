"""Features selected for all tasks, and tasks selected within them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, Interval
from polytask.penalties._arrays import as_matrix, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["SparseGroup"]

_MOST_STEPS = 100


@dataclass(frozen=True)
class SparseGroup(Penalty):
    r"""Norms of features over tasks, and absolute parameters (sparse group lasso).

    .. math:: \alpha \Big[(1 - r) \sum_j \|W_{:j}\|_2 + r \sum_{kj} |W_{kj}|\Big]

    Features that no task uses are left out, and of the others each task uses some.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    l1_ratio : float in [0, 1], default 0.5
        The share r of absolute values; 0 is `L21`, 1 is `L1`.

    References
    ----------
    Friedman, Hastie and Tibshirani, "A note on the group lasso and a sparse group lasso", arXiv 2010.
    Simon, Friedman, Hastie and Tibshirani, "A sparse-group lasso", Journal of Computational and Graphical
    Statistics 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import SparseGroup
    >>> SparseGroup(alpha=2.0).prox(np.array([[4.0, 0.5], [5.0, 1.5], [0.5, 0.0]]), step=1.0)
    array([[2.4, 0. ],
           [3.2, 0. ],
           [0. , 0. ]])
    """

    l1_ratio: float = 0.5

    smooth: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "l1_ratio": Interval(float, 0.0, 1.0),
    }

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Norms and absolute values, times alpha."""
        xp = namespace(weights)
        matrix, ratio = as_matrix(weights), self.l1_ratio
        norms = xp.sum(xp.linalg.vector_norm(matrix, axis=0))
        return self.alpha * ((1 - ratio) * norms + ratio * xp.sum(xp.abs(matrix)))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """Features divided by their norms, and signs, times alpha."""
        xp = namespace(weights)
        matrix, ratio = as_matrix(weights), self.l1_ratio
        slope = (1 - ratio) * _directions(matrix) + ratio * xp.sign(matrix)
        return self.alpha * xp.reshape(slope, weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Parameters moved towards zero, and then features shortened."""
        xp = namespace(weights)
        lowered = _soft(as_matrix(weights), step * self.alpha * self.l1_ratio)
        norms = xp.linalg.vector_norm(lowered, axis=0, keepdims=True)
        left = xp.clip(norms - step * self.alpha * (1 - self.l1_ratio), 0.0)
        return xp.reshape(_directions(lowered) * left, weights.shape)

    def dual_norm(self, gradient: Array) -> float:
        r"""The largest t of a feature with :math:`\|\operatorname{soft}(g, t r)\| = t (1 - r)`.

        The left side is convex in t, so that Newton's method from 0 approaches it from below.
        """
        xp = namespace(gradient)
        matrix, ratio = xp.abs(as_matrix(gradient)), self.l1_ratio
        t = xp.zeros_like(matrix[0, :])
        for _ in range(_MOST_STEPS):
            lowered = _soft(matrix, ratio * t)
            norms = xp.linalg.vector_norm(lowered, axis=0)
            fall = (1 - ratio) + ratio * xp.sum(_directions(lowered), axis=0)
            rise = (norms - (1 - ratio) * t) / xp.where(fall > 0, fall, xp.ones_like(fall))
            t = t + xp.clip(rise, 0.0)
            if not xp.any(rise > 1e-15 * t):
                break
        return float(xp.max(t))


def _directions(matrix: Array) -> Array:
    """Columns divided by their norms, zero where the norm is."""
    xp = namespace(matrix)
    norms = xp.linalg.vector_norm(matrix, axis=0, keepdims=True)
    return matrix / xp.where(norms > 0, norms, xp.ones_like(norms))


def _soft(values: Array, threshold: Array) -> Array:
    xp = namespace(values)
    return xp.sign(values) * xp.clip(xp.abs(values) - threshold, 0.0)
