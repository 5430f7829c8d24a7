"""Coefficients whose singular values have a bounded sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.penalties import Penalty, TraceNorm

__all__ = ["TraceNormBall"]


@dataclass(frozen=True)
class TraceNormBall(Penalty):
    r"""The constraint :math:`\|W\|_* \le \tau`: 0 inside, and infinite outside, where no solver goes.

    Parameters
    ----------
    alpha : float
        Means nothing.
    radius : float
        :math:`\tau`.
    """

    alpha: float = 1.0
    radius: float = 1.0

    smooth: ClassVar[bool] = False
    rotates: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "radius": Interval(float, 0.0, closed="neither"),
    }

    def value(self, weights: Any, state: Any = None) -> float:
        """0."""
        return 0.0

    def gradient(self, weights: Any, state: Any = None) -> Any:
        """Zeros."""
        return np.zeros_like(weights)

    def prox(self, weights: Any, step: float, state: Any = None) -> Any:
        """The projection: singular values lowered by what their sum exceeds the radius."""
        left, sizes, right = np.linalg.svd(weights, full_matrices=False)
        if sizes.sum() <= self.radius:
            return weights
        excess = (np.cumsum(sizes) - self.radius) / np.arange(1, len(sizes) + 1)
        return (left * np.maximum(sizes - excess.max(), 0.0)) @ right

    def conjugate(self, slope: Any) -> float:
        """The largest singular value times the radius."""
        return self.radius * TraceNorm(1.0).dual_norm(slope)
