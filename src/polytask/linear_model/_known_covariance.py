"""A known covariance of tasks as penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polytask.penalties import QuadraticPenalty

__all__ = ["KnownCovariance"]


@dataclass(frozen=True)
class KnownCovariance(QuadraticPenalty):
    r"""The penalty :math:`\tfrac\alpha2 \operatorname{tr} W^\top (Z Z^\top + I / r)^{-1} W`.

    It is :math:`\tfrac\alpha2 \min (\|A\|^2 + r \|V\|^2)` over :math:`W = Z A + V`.

    Parameters
    ----------
    alpha : float
    own_ratio : float
        r.
    features : tuple of tuple of float
        Z, a row per task.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._known_covariance import KnownCovariance
    >>> KnownCovariance(1.0, 1.0, ((1.0,), (0.0,))).precision(2)
    array([[0.5, 0. ],
           [0. , 1. ]])
    """

    own_ratio: float = 1.0
    features: tuple[tuple[float, ...], ...] = ()

    def precision(self, n_tasks: int, state: object = None) -> np.ndarray:
        """The inverse, by the smaller products: of r for all directions but those of features."""
        Z = np.array(self.features).reshape(n_tasks, -1)
        inner = Z.T @ Z + np.eye(Z.shape[1]) / self.own_ratio
        precision: np.ndarray = self.own_ratio * (np.eye(n_tasks) - Z @ np.linalg.solve(inner, Z.T))
        return precision
