"""Sparse parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["L1"]


@dataclass(frozen=True)
class L1(Penalty):
    r"""The sum of absolute parameters (lasso), which shares nothing between tasks.

    .. math:: \alpha \sum_k \|W_k\|_1

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    References
    ----------
    Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import L1
    >>> L1(alpha=1.0).prox(np.array([[3.0, -0.5], [-2.0, 1.5]]), step=1.0)
    array([[ 2. ,  0. ],
           [-1. ,  0.5]])
    """

    smooth: ClassVar[bool] = False

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of absolute values, times alpha."""
        xp = namespace(weights)
        return self.alpha * xp.sum(xp.abs(weights))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The signs, times alpha."""
        return self.alpha * namespace(weights).sign(weights)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Parameters moved towards zero, those that are small to zero."""
        xp = namespace(weights)
        threshold = step * self.alpha
        return xp.clip(weights - threshold, 0.0) + xp.clip(weights + threshold, None, 0.0)

    def dual_norm(self, gradient: Array) -> float:
        """The largest absolute value."""
        xp = namespace(gradient)
        return float(xp.max(xp.abs(gradient)))
