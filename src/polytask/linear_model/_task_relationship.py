"""Base class of models with a learned covariance of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit
from polytask.linear_model._apart import ridge_per_task
from polytask.linear_model._best_covariance import BestCovariance
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator, solve
from polytask.penalties import TaskCovariance
from polytask.ranges import Range, SearchRange
from polytask.solvers import AlternatingDirections, QuasiNewton, Solution, Solver

__all__ = ["TaskRelationship"]


class TaskRelationship(PenalizedEstimator):
    """A Gaussian prior whose covariance of tasks is learned, as penalty.

    Attributes
    ----------
    task_covariance_ : array of shape (n_tasks, n_tasks)
        With the trace n_tasks.
    """

    task_covariance_: Float64[np.ndarray, "tasks tasks"]

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "epsilon": Interval(float, 0.0, closed="neither"),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": STRENGTH,
        "epsilon": Range(1e-4, 1.0, log=True, default=0.01, values=(0.1, 0.001)),
    }

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        epsilon: float = 0.01,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-4,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.epsilon = epsilon

    def penalty(self) -> TaskCovariance:
        """The learned covariance, for tasks of squared norm 1."""
        return TaskCovariance(self.strength, epsilon=self.epsilon)

    def solvers(self) -> Sequence[Solver]:
        """A quasi-Newton method on W, for the best covariance of each W; it begins near the solution if it can."""
        return (QuasiNewton(self.tol, self.max_iter),)

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Ridge regressions, whose sizes are the unit of `epsilon`; then covariance and coefficients."""
        apart = ridge_per_task(bound, self.strength, self.tol, self.max_iter)
        size = float(np.mean(np.square(apart.coef).sum(axis=1)))
        penalty = replace(self.penalty(), epsilon=self.epsilon * max(size, 1e-200))
        near = self._near(bound, penalty, start) or replace(start or apart, n_iter=0)
        near = replace(near, state=penalty.refit(near.coef, penalty.start(bound.shape)))
        solution = solve(bound, penalty, self.solvers(), near)
        return replace(solution, n_iter=near.n_iter + solution.n_iter)

    def _near(
        self, bound: Bound, penalty: TaskCovariance, start: Solution | None
    ) -> Solution | None:
        """The solution by alternating directions, of squared errors of tasks with other rows; else None."""
        best = BestCovariance(penalty.alpha, penalty.epsilon)
        solver = AlternatingDirections(self.tol, self.max_iter)
        if penalty.alpha == 0 or bound.rows.common or solver.refuses(bound, best) is not None:
            return None
        return solver.minimize(bound, best, start)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the covariance, too."""
        super().keep(bound, solution)
        self.task_covariance_ = np.asarray(solution.state["covariance"])
