"""Squared distances of tasks to what others transfer to them, and a ridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float64

from polytask.constraints import Constraint, Interval
from polytask.penalties import QuadraticPenalty

__all__ = ["TransferPenalty", "best_transfer"]

_SWEEPS = 5
"""Passes over all sources."""
_ROUNDING = 1e-14


@dataclass(frozen=True)
class TransferPenalty(QuadraticPenalty):
    r"""Half the squared distances of tasks to weighted sums of others, and a ridge.

    .. math:: \tfrac\alpha2 \sum_k \Big\|w_k - \sum_s B_{sk} w_s\Big\|^2 + \tfrac{\alpha\eta}{2} \|W\|_F^2

    Its state holds the weights B, ``transfer`` of shape (n_tasks, n_tasks).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._transfer_penalty import TransferPenalty
    >>> half = {"transfer": np.array([[0.0, 0.5], [0.0, 0.0]])}
    >>> float(TransferPenalty(1.0).value(np.array([[2.0], [3.0]]), half))
    4.0
    """

    eta: float = 0.0

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **QuadraticPenalty.parameter_constraints,
        "eta": Interval(float, 0.0),
    }

    def start(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Nothing is transferred yet."""
        return {"transfer": np.zeros((shape[0], shape[0]))}

    def precision(self, n_tasks: int, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """The products of the distances, and the ridge."""
        known = self.start((n_tasks,)) if state is None else state
        away = np.eye(n_tasks) - known["transfer"]
        precision: np.ndarray = away @ away.T + self.eta * np.eye(n_tasks)
        return precision


def best_transfer(
    coef: Float[np.ndarray, "tasks features"],
    cost: Float[np.ndarray, " tasks"],
    start: Float[np.ndarray, "tasks tasks"],
) -> Float64[np.ndarray, "tasks tasks"]:
    r"""Weights that minimise :math:`\tfrac12 \|W - B^\top W\|_F^2 + \sum_{sk} c_s B_{sk}`, or lower it.

    Over weights of at least 0 and none of a task for itself, by coordinate descent: all targets at once, source
    by source.

    Parameters
    ----------
    coef : array of shape (n_tasks, n_features)
        W.
    cost : array of shape (n_tasks,)
        c, of at least 0.
    start : array of shape (n_tasks, n_tasks)
        Not changed.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._transfer_penalty import best_transfer
    >>> best_transfer(np.array([[1.0], [2.0]]), np.array([1.0, 1.0]), np.zeros((2, 2)))
    array([[0.  , 1.  ],
           [0.25, 0.  ]])
    """
    products = coef @ coef.T
    sizes = np.diag(products)
    transfer = start.copy()
    for _ in range(_SWEEPS):
        for source in np.flatnonzero(sizes > _ROUNDING * sizes.max(initial=0.0)):
            left = products[source] - products[source] @ transfer - cost[source]
            row = np.maximum(transfer[source] + left / sizes[source], 0.0)
            row[source] = 0.0
            transfer[source] = row
    return transfer
