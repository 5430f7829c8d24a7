"""Base class of models with tasks in a few clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import KMeans

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit
from polytask.linear_model._in_order import in_order
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import ClusterNorm, Penalty
from polytask.ranges import Range, SearchRange
from polytask.solvers import Solution

__all__ = ["TasksInClusters"]


class TasksInClusters(PenalizedEstimator):
    """The relaxed distance of tasks to the centres of clusters as penalty.

    Parameters
    ----------
    n_clusters : int, default 3
    eta : float in (0, inf), default 0.1

    Attributes
    ----------
    task_groups_ : array of shape (n_tasks,), int
        The cluster of each task (of a classifier, of each row of `coef_`), in the order of their appearance.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "n_clusters": Interval(int, 1),
        "eta": Interval(float, 0.0, closed="neither"),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **PenalizedEstimator.search_ranges,
        "n_clusters": Range(1, 10, default=3, values=(2, 5), integer=True),
        "eta": Range(0.001, 10.0, log=True, default=0.1, values=(0.01, 1.0)),
    }

    task_groups_: np.ndarray

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        n_clusters: int = 3,
        eta: float = 0.1,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.n_clusters = n_clusters
        self.eta = eta

    def penalty(self) -> Penalty:
        """`ClusterNorm`."""
        return ClusterNorm(self.strength, self.n_clusters, self.eta)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the clusters of tasks, too."""
        super().keep(bound, solution)
        self.task_groups_ = _groups(solution.coef, self.n_clusters)


def _groups(coef: Float[np.ndarray, "tasks p"], n_clusters: int) -> Int[np.ndarray, " tasks"]:
    """Clusters of tasks in the span of the relaxed indicators, numbered as they appear."""
    left, sizes, _ = np.linalg.svd(coef, full_matrices=False)
    places = (left * sizes)[:, :n_clusters]
    distinct = len(np.unique(places.round(12), axis=0))
    model = KMeans(min(n_clusters, distinct), n_init=10, random_state=0)
    return in_order(model.fit_predict(places))
