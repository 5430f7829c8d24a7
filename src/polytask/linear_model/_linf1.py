"""Base class of models that select features by their largest coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import LInf1, Penalty
from polytask.solvers import AlternatingDirections, ProximalGradient, Solution, Solver

__all__ = ["LargestSelection"]


class LargestSelection(PenalizedEstimator):
    """The sum of the largest coefficients of features as penalty.

    Attributes
    ----------
    support_ : array of shape (n_features,), bool
        Features that are used.
    """

    support_: np.ndarray

    def penalty(self) -> Penalty:
        """`LInf1`."""
        return LInf1(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """Alternating directions for squared errors, else proximal gradients."""
        settings = self.tol, self.max_iter
        return AlternatingDirections(*settings), ProximalGradient(*settings)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep which features are used, too."""
        super().keep(bound, solution)
        self.support_ = np.asarray(solution.coef.any(axis=0))
