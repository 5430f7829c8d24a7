"""Base class of models with joint feature selection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import L21, Penalty
from polytask.solvers import GroupNewton, ProximalGradient, Solution, Solver

__all__ = ["JointSelection"]


class JointSelection(PenalizedEstimator):
    """The sum of the norms of features over tasks as penalty.

    Attributes
    ----------
    support_ : array of shape (n_features,), bool
        Features that are used, by all tasks.
    """

    support_: np.ndarray

    def penalty(self) -> Penalty:
        """`L21`."""
        return L21(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """Newton's method for squared errors, else proximal gradients."""
        return GroupNewton(self.tol, self.max_iter), ProximalGradient(self.tol, self.max_iter)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep which features are used, too."""
        super().keep(bound, solution)
        self.support_ = np.asarray(solution.coef.any(axis=0))
