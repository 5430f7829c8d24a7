"""Features with a level that all tasks share, and sparse parameters of each task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, Interval
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["MultiLevelLasso"]


@dataclass(frozen=True)
class MultiLevelLasso(Penalty):
    r"""Parameters that are products of a level per feature and of sparse factors per task.

    .. math:: \alpha \sum_j \tfrac12 \Big(\frac{\|W_{:j}\|_1 + \varepsilon}{\theta_j} + \theta_j\Big)

    With the best levels :math:`\theta`, which are learned, it is :math:`\alpha \sum_j \sqrt{\|W_{:j}\|_1 +
    \varepsilon}`: features that few tasks need are left out, and tasks are sparse within the others.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    epsilon : float in (0, inf), default 1e-6
        It keeps levels above 0.

    Notes
    -----
    The paper's parameters are :math:`W_{kj} = \theta_j \gamma_{kj}` with penalties :math:`\lambda_1 \sum_j \theta_j +
    \lambda_2 \sum_{kj} |\gamma_{kj}|`. The best of all such products costs :math:`2 \sqrt{\lambda_1 \lambda_2}
    \sum_j \sqrt{\|W_{:j}\|_1}`, so that `alpha` is :math:`2 \sqrt{\lambda_1 \lambda_2}`; two strengths are one. Without
    fixed levels the penalty is not convex.

    References
    ----------
    Lozano and Swirszcz, "Multi-level lasso for sparse multi-task regression", ICML 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import MultiLevelLasso
    >>> penalty, weights = MultiLevelLasso(alpha=1.0), np.array([[4.0, 0.1], [5.0, 0.0]])
    >>> levels = penalty.refit(weights, penalty.start(weights.shape))
    >>> levels["levels"].round(2)
    array([3.  , 0.32])
    >>> penalty.prox(weights, 1.0, levels).round(2)
    array([[3.83, 0.  ],
           [4.83, 0.  ]])
    """

    epsilon: float = 1e-6

    smooth: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "epsilon": Interval(float, 0.0, closed="neither"),
    }

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Absolute values over levels, and levels, times half of alpha."""
        xp = namespace(weights)
        levels = self._levels(weights, state)
        sums = xp.sum(xp.abs(as_matrix(weights)), axis=0) + self.epsilon
        return 0.5 * self.alpha * xp.sum(sums / levels + levels)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """Signs over levels, times half of alpha."""
        xp = namespace(weights)
        slope = xp.sign(as_matrix(weights)) / self._levels(weights, state)
        return 0.5 * self.alpha * xp.reshape(slope, weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Parameters moved towards zero, those of features of low levels by more."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        threshold = 0.5 * step * self.alpha / self._levels(weights, state)
        left = xp.clip(xp.abs(matrix) - threshold, 0.0)
        return xp.reshape(xp.sign(matrix) * left, weights.shape)

    def start(self, shape: tuple[int, ...]) -> dict[str, Array]:
        """Levels of 1."""
        return {"levels": np.ones(math.prod(shape[1:]))}

    def refit(self, weights: Array, state: State) -> dict[str, Array]:
        """The best levels, roots of the sums of absolute values."""
        xp = namespace(weights)
        sums = xp.sum(xp.abs(as_matrix(weights)), axis=0)
        return {"levels": xp.sqrt(sums + self.epsilon)}

    def _levels(self, weights: Array, state: State | None) -> Array:
        held = self.start(tuple(weights.shape)) if state is None else state
        return like(held["levels"], weights)
