"""Tasks in a common subspace of low dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import as_matrix, namespace
from polytask.penalties._penalty import Array, Penalty, State
from polytask.penalties._singular_values import (
    largest_singular_value,
    lower_singular_values,
    trace_norm,
    trace_norm_gradient,
)

__all__ = ["TraceNorm"]


@dataclass(frozen=True)
class TraceNorm(Penalty):
    r"""The sum of the singular values of W, (n_tasks, n_features).

    .. math:: \alpha\,\|W\|_* = \alpha \sum_i \sigma_i(W)

    Its proximal map lowers the rank of W: the tasks become combinations of a few directions.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    References
    ----------
    Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning", Machine Learning 2008.
    Ji and Ye, "An accelerated gradient method for trace norm minimization", ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import TraceNorm
    >>> TraceNorm(alpha=1.0).prox(np.diag([3.0, 0.5]), step=1.0)
    array([[2., 0.],
           [0., 0.]])
    """

    smooth: ClassVar[bool] = False
    rotates: ClassVar[bool] = True

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of singular values, times alpha."""
        return self.alpha * trace_norm(as_matrix(weights))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """U Vᵀ of the singular vectors whose values are not zero, times alpha."""
        slope = trace_norm_gradient(as_matrix(weights))
        return self.alpha * namespace(weights).reshape(slope, weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Singular values lowered, those that are small to zero."""
        point = lower_singular_values(as_matrix(weights), step * self.alpha)
        return namespace(weights).reshape(point, weights.shape)

    def dual_norm(self, gradient: Array) -> float:
        """The largest singular value."""
        return largest_singular_value(as_matrix(gradient))
