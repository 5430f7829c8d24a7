"""Base class of models with tasks in a common subspace, but outliers."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._subspace_and_own import SubspaceAndOwn
from polytask.penalties import Penalty, TaskNorms
from polytask.solvers import Solution

__all__ = ["SubspaceWithOutliers"]


class SubspaceWithOutliers(SubspaceAndOwn):
    """A part of low rank, plus own coefficients of few tasks.

    Attributes
    ----------
    outlier_tasks_ : array of shape (n_tasks,), bool
        Tasks with coefficients of their own.
    """

    outlier_tasks_: np.ndarray

    def own_penalty(self) -> Penalty:
        """`TaskNorms`."""
        return TaskNorms(self.own_ratio)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep which tasks are outliers, too."""
        super().keep(bound, solution)
        self.outlier_tasks_ = np.asarray(self.own_coef_.any(axis=1))
