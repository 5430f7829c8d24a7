"""Base class of models with tasks in a common subspace, but outliers."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._span import span_of
from polytask.linear_model._sum_of_parts import SumOfParts
from polytask.penalties import Penalty, TaskNorms, TraceNorm
from polytask.solvers import Solution

__all__ = ["SubspaceWithOutliers"]


class SubspaceWithOutliers(SumOfParts):
    """A part of low rank, plus own coefficients of few tasks.

    Attributes
    ----------
    outlier_tasks_ : array of shape (n_tasks,), bool
        Tasks with coefficients of their own.
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the common part.
    rank_ : int
        Their number.
    """

    outlier_tasks_: np.ndarray
    components_: np.ndarray
    rank_: int

    def common_penalty(self) -> Penalty:
        """`TraceNorm`."""
        return TraceNorm(1.0)

    def own_penalty(self) -> Penalty:
        """`TaskNorms`."""
        return TaskNorms(self.own_ratio)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep what the parts say, too."""
        super().keep(bound, solution)
        self.outlier_tasks_ = np.asarray(self.own_coef_.any(axis=1))
        self.components_ = span_of(self.common_coef_)
        self.rank_ = len(self.components_)
