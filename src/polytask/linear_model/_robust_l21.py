"""Base class of models with features selected for all tasks, but outliers."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._sum_of_parts import SumOfParts
from polytask.penalties import L21, Penalty, TaskNorms
from polytask.solvers import Solution

__all__ = ["SelectionWithOutliers"]


class SelectionWithOutliers(SumOfParts):
    """A part with jointly selected features, plus own coefficients of few tasks.

    Attributes
    ----------
    outlier_tasks_ : array of shape (n_tasks,), bool
        Tasks with coefficients of their own.
    support_ : array of shape (n_features,), bool
        Features of the common part.
    """

    outlier_tasks_: np.ndarray
    support_: np.ndarray

    def common_penalty(self) -> Penalty:
        """`L21`."""
        return L21(1.0)

    def own_penalty(self) -> Penalty:
        """`TaskNorms`."""
        return TaskNorms(self.own_ratio)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep what the parts say, too."""
        super().keep(bound, solution)
        self.outlier_tasks_ = np.asarray(self.own_coef_.any(axis=1))
        self.support_ = np.asarray(self.common_coef_.any(axis=0))
