"""Base class of models whose tasks lie in a common subspace."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.linear_model._span import span_of
from polytask.penalties import Penalty, TraceNorm
from polytask.solvers import Solution

__all__ = ["CommonSubspace"]


class CommonSubspace(PenalizedEstimator):
    """The trace norm of coefficients as penalty.

    Attributes
    ----------
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    """

    components_: np.ndarray
    rank_: int

    def penalty(self) -> Penalty:
        """`TraceNorm`."""
        return TraceNorm(self.strength)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the directions that the tasks share, too."""
        super().keep(bound, solution)
        self.components_ = span_of(solution.coef)
        self.rank_ = len(self.components_)
