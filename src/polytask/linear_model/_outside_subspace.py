"""Squared distances of tasks to the subspace that is nearest to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.penalties import QuadraticPenalty

__all__ = ["OutsideSubspace"]


@dataclass(frozen=True)
class OutsideSubspace(QuadraticPenalty):
    r"""Half the squared distance to the best subspace of k dimensions, and a ridge.

    .. math:: \tfrac\alpha2 \min_U \|W - W U^\top U\|_F^2 + \tfrac{\alpha\eta}{2} \|W\|_F^2, \qquad U U^\top = I_k

    The best :math:`W U^\top U` is :math:`V V^\top W` with the k first left singular vectors of W. So the penalty is
    quadratic over tasks with :math:`P = (1 + \eta) I - V V^\top`, and V, ``axes`` of shape (n_tasks, k), is what is
    learned.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
    k : int in [1, inf), default 2
        Of more than tasks or features, their number counts.
    eta : float in [0, inf), default 0.0

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._outside_subspace import OutsideSubspace
    >>> penalty, W = OutsideSubspace(1.0, 1), np.diag([3.0, 1.0])
    >>> float(penalty.value(W, penalty.refit(W, penalty.start(W.shape))))
    0.5
    """

    k: int = 2
    eta: float = 0.0

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **QuadraticPenalty.parameter_constraints,
        "k": Interval(int, 1),
        "eta": Interval(float, 0.0),
    }

    def start(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """No direction is free yet."""
        return {"axes": np.zeros((shape[0], min(self.k, *shape)))}

    def refit(self, weights: np.ndarray, state: Mapping[str, Any]) -> dict[str, Any]:
        """The first left singular vectors."""
        left = np.linalg.svd(weights, full_matrices=False)[0]
        return {"axes": left[:, : state["axes"].shape[1]]}

    def precision(self, n_tasks: int, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """P."""
        identity = (1 + self.eta) * np.eye(n_tasks)
        if state is None:
            return identity
        precision: np.ndarray = identity - state["axes"] @ state["axes"].T
        return precision
