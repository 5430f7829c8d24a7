"""Base class of models that select features, and tasks within them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import Penalty, SparseGroup
from polytask.ranges import Range, SearchRange
from polytask.solvers import Solution

__all__ = ["SparseSelection"]


class SparseSelection(PenalizedEstimator):
    """Norms of features over tasks and absolute coefficients as penalty.

    Parameters
    ----------
    l1_ratio : float in [0, 1], default 0.5

    Attributes
    ----------
    support_ : array of shape (n_tasks, n_features), bool
        Which task uses which feature.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "l1_ratio": Interval(float, 0.0, 1.0),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **PenalizedEstimator.search_ranges,
        "l1_ratio": Range(0.05, 0.95, default=0.5, values=(0.2, 0.8)),
    }

    support_: np.ndarray

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        l1_ratio: float = 0.5,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.l1_ratio = l1_ratio

    def penalty(self) -> Penalty:
        """`SparseGroup`."""
        return SparseGroup(self.strength, self.l1_ratio)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep which features are used, too."""
        super().keep(bound, solution)
        self.support_ = solution.coef != 0
