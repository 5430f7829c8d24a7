"""Base class of models that use features for all tasks or for none."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.solvers import Solution

__all__ = ["FeatureSelection"]


class FeatureSelection(PenalizedEstimator):
    """Keeps which features have coefficients.

    Attributes
    ----------
    support_ : array of shape (n_features,), bool
        Features that are used.
    """

    support_: np.ndarray

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep which features are used, too."""
        super().keep(bound, solution)
        self.support_ = np.asarray(solution.coef.any(axis=0))
