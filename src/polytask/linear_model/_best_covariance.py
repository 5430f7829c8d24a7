"""The penalty of coefficients whose covariance of tasks is the best for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.penalties import Penalty

__all__ = ["BestCovariance"]

_MOST_STEPS = 100
_ROUNDING = 1e-14


@dataclass(frozen=True)
class BestCovariance(Penalty):
    r"""`TaskCovariance` with the covariance eliminated, a smoothed trace norm, squared.

    .. math:: \min_\Omega \tfrac\alpha2 \operatorname{tr}\big(\Omega^{-1}(W W^\top + \varepsilon I)\big)
        = \frac{\alpha}{2 T} \Big(\sum_{i=1}^T \sqrt{\sigma_i^2 + \varepsilon}\Big)^2,
        \qquad \operatorname{tr} \Omega = T

    with the singular values σ of W, some of T rows, of which there are T, with zeros.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
    epsilon : float in (0, inf), default 1e-3
    """

    epsilon: float = 1e-3

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "epsilon": Interval(float, 0.0, closed="neither"),
    }

    def value(self, weights: Any, state: Any = None) -> Any:
        """The squared sum of smoothed singular values."""
        lengths, _ = self._lengths(weights)
        return 0.5 * self.alpha / len(weights) * lengths.sum() ** 2

    def gradient(self, weights: Any, state: Any = None) -> Any:
        """The inverse of the best covariance times W, times alpha."""
        lengths, axes = self._lengths(weights)
        return self.alpha / len(weights) * lengths.sum() * (axes / lengths) @ (axes.T @ weights)

    def prox(self, weights: Any, step: float, state: Any = None) -> Any:
        r"""Singular values s are lowered to x, where :math:`x + c\,x / \sqrt{x^2 + \varepsilon} = s`.

        The level :math:`c = t \alpha \sum_i \sqrt{x_i^2 + \varepsilon} / T` is found by Newton's method.
        """
        lengths, axes = self._lengths(weights)
        sizes = np.sqrt(np.maximum(lengths**2 - self.epsilon, 0.0))
        share = step * self.alpha / len(weights)
        level = share * lengths.sum() / (1 + share * len(weights))
        lowered = sizes
        for _ in range(_MOST_STEPS):
            lowered = _lowered(sizes, level, self.epsilon, lowered)
            lengths = np.sqrt(lowered**2 + self.epsilon)
            away = level - share * lengths.sum()
            falls = (lowered / lengths) ** 2 / (1 + level * self.epsilon / lengths**3)
            move = away / (1 + share * falls.sum())
            level = max(level - move, 0.0)
            if abs(move) <= _ROUNDING * level:
                break
        return (axes / (1 + level / lengths)) @ (axes.T @ weights)

    def _lengths(self, weights: Any) -> tuple[np.ndarray, np.ndarray]:
        """Smoothed singular values and left vectors."""
        squares, axes = np.linalg.eigh(weights @ weights.T)
        return np.sqrt(np.maximum(squares, 0.0) + self.epsilon), axes


def _lowered(sizes: np.ndarray, level: float, epsilon: float, x: np.ndarray) -> np.ndarray:
    """The roots x of x + c x / √(x² + ε) = s, by Newton's method, which overshoots in its first step alone."""
    least = np.maximum(sizes - level, sizes / (1 + level / np.sqrt(epsilon)))
    for _ in range(_MOST_STEPS):
        lengths = np.sqrt(x * x + epsilon)
        move = (sizes - x - level * x / lengths) / (1 + level * epsilon / lengths**3)
        x = np.maximum(x + move, least)
        if (np.abs(move) <= _ROUNDING * sizes).all():
            break
    return x
