"""A learned covariance of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, InstanceOf, Interval, Optional, check_parameters
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._matrices import POSITIVE_DEFINITE, Rows, check_n_tasks, hold_rows
from polytask.penalties._penalty import Array, Penalty, State
from polytask.penalties._quadratic_penalty import QuadraticPenalty

__all__ = ["TaskCovariance"]


@dataclass(frozen=True)
class TaskCovariance(QuadraticPenalty):
    r"""A Gaussian prior whose covariance of tasks is learned (MTRL).

    .. math:: \alpha\,\tfrac12 \left[\operatorname{tr}(W^\top \Omega^{-1} W)
              + \varepsilon \operatorname{tr}(\Omega^{-1})\right],
              \qquad \operatorname{tr}\Omega = n_\text{tasks}

    Its state holds the ``covariance`` Ω, (n_tasks, n_tasks). `refit` minimises the value exactly:

    .. math:: \Omega = n_\text{tasks} \frac{(W W^\top + \varepsilon I)^{1/2}}
              {\operatorname{tr}\,(W W^\top + \varepsilon I)^{1/2}}

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength; with the identity as covariance the penalty is :math:`\tfrac\alpha2\|W\|^2`.
    covariance : tuple of tuple of float, (n_tasks, n_tasks), optional
        A known covariance, symmetric and positive definite: the first one or, with
        ``learned=False``, the only one. The identity by default.
    learned : bool, default True
        Whether `refit` learns the covariance. A learned one is scaled to the trace n_tasks.
    epsilon : float in (0, inf), default 1e-3
        Keeps the covariance invertible; in units of a task's squared norm. A larger one keeps the
        covariance nearer to the identity.

    Notes
    -----
    Zhang and Yeung hold the trace at 1. It is n_tasks here, so that a strength means the same for
    any number of tasks: theirs is n_tasks times ours. Their :math:`\varepsilon` is added in the
    same place but not to the objective, which `refit` can then increase. Their further term in
    :math:`\|W\|^2` is left to weight decay.

    References
    ----------
    Zhang and Yeung, "A convex formulation for learning task relationships in multi-task learning",
    UAI 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import TaskCovariance
    >>> penalty = TaskCovariance()
    >>> weights = np.array([[1.0, 2.0], [1.1, 2.1], [-1.0, -2.0]])
    >>> state = penalty.refit(weights, penalty.start(weights.shape))
    >>> state["covariance"].round(1)
    array([[ 1. ,  1. , -0.9],
           [ 1. ,  1.1, -1. ],
           [-0.9, -1. ,  1. ]])
    """

    covariance: Rows = None
    learned: bool = True
    epsilon: float = 1e-3

    relation: ClassVar[str | None] = "covariance"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "covariance": Optional(POSITIVE_DEFINITE),
        "learned": InstanceOf((bool,)),
        "epsilon": Interval(float, 0.0, closed="neither"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        hold_rows(self, "covariance")

    def start(self, shape: tuple[int, ...]) -> dict[str, Array]:
        """The given covariance, or the identity."""
        check_n_tasks(self, "covariance", shape[0])
        if self.covariance is None:
            return {"covariance": np.eye(shape[0])}
        given = np.array(self.covariance)
        return {"covariance": given * len(given) / np.trace(given) if self.learned else given}

    def precision(self, n_tasks: int, state: State | None = None) -> Array:
        """The inverse of the covariance."""
        covariance = (state or self.start((n_tasks,)))["covariance"]
        return namespace(covariance).linalg.inv(covariance)

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half of the quadratic form and of the trace of Ω⁻¹ times epsilon, times alpha."""
        xp = namespace(weights)
        inverse, matrix = self._precision(weights, state), as_matrix(weights)
        value = xp.sum(matrix * (inverse @ matrix))
        if self.learned:
            value = value + self.epsilon * xp.linalg.trace(inverse)
        return 0.5 * self.alpha * value

    def refit(self, weights: Array, state: State) -> dict[str, Array]:
        """The covariance that minimises the value."""
        if not self.learned:
            return {"covariance": like(state["covariance"], weights)}
        xp = namespace(weights)
        matrix = xp.astype(as_matrix(weights), xp.float64)
        gramian = matrix @ xp.matrix_transpose(matrix)
        sizes, axes = xp.linalg.eigh(gramian)
        lengths = xp.sqrt(xp.clip(sizes, 0.0) + self.epsilon)
        root = (axes * lengths) @ xp.matrix_transpose(axes)
        return {"covariance": like(root * (matrix.shape[0] / xp.sum(lengths)), weights)}
