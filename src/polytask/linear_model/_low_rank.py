"""Base class of models whose coefficients span few directions of features."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.linear_model._span import span_of
from polytask.solvers import Solution

__all__ = ["LowRank"]


class LowRank(PenalizedEstimator):
    """Keeps the directions that span the coefficients of all tasks.

    Attributes
    ----------
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    """

    components_: np.ndarray
    rank_: int

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the directions that the tasks share, too."""
        super().keep(bound, solution)
        self.components_ = span_of(solution.coef)
        self.rank_ = len(self.components_)
