"""The relaxed distance to a subspace, with its matrix for quasi-Newton methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.penalties import ClusterNorm

__all__ = ["RelaxedProjection"]


@dataclass(frozen=True)
class RelaxedProjection(ClusterNorm):
    r"""A `ClusterNorm` that says its best :math:`(M + \eta I)^{-1}`, ``precision`` of shape (n_tasks, n_tasks).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._relaxed_projection import RelaxedProjection
    >>> penalty, W = RelaxedProjection(1.0, n_clusters=1, eta=0.5), np.diag([3.0, 1.0])
    >>> penalty.refit(W, {})["precision"].round(3) + 0
    array([[0.667, 0.   ],
           [0.   , 2.   ]])
    """

    def start(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """All directions alike."""
        return {"precision": np.eye(shape[0]) / (1 + self.eta)}

    def refit(self, weights: np.ndarray, state: Mapping[str, Any]) -> dict[str, Any]:
        """The best matrix, with the eigenvalue 1 / eta where there are no parameters."""
        left, sizes, _ = np.linalg.svd(weights, full_matrices=False)
        away = 1 / (self._shares(sizes, self.eta) + self.eta) - 1 / self.eta
        return {"precision": np.eye(len(left)) / self.eta + (left * away) @ left.T}

    def task_precision(self, n_tasks: int, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """The matrix."""
        known = self.start((n_tasks,)) if state is None else state
        precision: np.ndarray = known["precision"]
        return precision
