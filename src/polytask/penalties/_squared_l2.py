"""Small parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["SquaredL2"]


@dataclass(frozen=True)
class SquaredL2(Penalty):
    r"""Half the sum of squared parameters (ridge), which shares nothing between tasks.

    .. math:: \alpha\,\tfrac12 \sum_k \|W_k\|^2

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    References
    ----------
    Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems",
    Technometrics 1970.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import SquaredL2
    >>> SquaredL2(alpha=1.0).prox(np.array([[3.0, -0.5]]), step=1.0)
    array([[ 1.5 , -0.25]])
    """

    def task_precision(self, n_tasks: int, state: State | None = None) -> Array:
        """The identity."""
        return np.eye(n_tasks)

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half the sum of squares, times alpha."""
        return 0.5 * self.alpha * namespace(weights).sum(weights * weights)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The parameters, times alpha."""
        return self.alpha * weights

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """The parameters, all shortened alike."""
        return weights / (1 + step * self.alpha)

    def conjugate(self, slope: Array) -> float | None:
        """Half the sum of squares, divided by alpha; None without strength."""
        return 0.5 * float(namespace(slope).sum(slope * slope)) / self.alpha if self.alpha else None
