"""Base class of models whose coefficients are products of levels of features and of sparse factors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._feature_selection import FeatureSelection
from polytask.linear_model._penalized_estimator import solve
from polytask.penalties import MultiLevelLasso, Penalty
from polytask.solvers import Solution

__all__ = ["LevelsOfFeatures"]

_MOST_TURNS = 200


class LevelsOfFeatures(FeatureSelection):
    """Levels of features and a weighted lasso in turn, from levels of 1.

    Attributes
    ----------
    levels_ : array of shape (n_features,)
        Roots of the sums of absolute coefficients.
    """

    levels_: np.ndarray

    def penalty(self) -> Penalty:
        """`MultiLevelLasso`."""
        return MultiLevelLasso(self.strength)

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Turns, each of which lowers the objective, until levels no longer change.

        They begin with levels of 1 wherever the coefficients begin, so that the answer does not depend on
        other strengths that were tried before.
        """
        penalty, change = self.penalty(), np.inf
        first = None if start is None else replace(start, state={})
        found = solve(bound, penalty, self.solvers(), first)
        n_iter = found.n_iter
        for _ in range(_MOST_TURNS):
            before, state = found.state["levels"], penalty.refit(found.coef, found.state)
            change = float(np.abs(state["levels"] - before).max() / state["levels"].max())
            if change <= self.tol:
                break
            found = solve(bound, penalty, self.solvers(), replace(found, state=state))
            n_iter += found.n_iter
        gap = max(found.gap, change)
        converged = bool(gap <= self.tol)
        return replace(found, n_iter=n_iter, gap=gap, converged=converged)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the levels, too."""
        super().keep(bound, solution)
        self.levels_ = np.sqrt(np.abs(solution.coef).sum(axis=0))
