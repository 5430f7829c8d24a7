"""Base class of models whose tasks are near the best subspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polytask.datafits import Bound
from polytask.linear_model._apart import ridge_per_task
from polytask.linear_model._outside_subspace import OutsideSubspace
from polytask.linear_model._penalized_estimator import solve
from polytask.linear_model._shared_subspace import SharedSubspace
from polytask.linear_model._span import span_of
from polytask.penalties import Penalty
from polytask.solvers import QuasiNewton, Solution, Solver

__all__ = ["BestSubspace"]


class BestSubspace(SharedSubspace):
    """The squared distance to the best subspace as penalty, and a ridge."""

    def penalty(self) -> Penalty:
        """`OutsideSubspace`."""
        return OutsideSubspace(self.strength, self.n_components, self.eta)

    def solvers(self) -> Sequence[Solver]:
        """A quasi-Newton method on W, for the best subspace of each W."""
        return (QuasiNewton(self.tol, self.max_iter),)

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Ridge regressions, from which the subspace is learned; then both."""
        penalty = self.penalty()
        if start is None:
            ridge = self.strength * (1 + self.eta)
            apart = ridge_per_task(bound, ridge, self.tol, self.max_iter)
            start = replace(apart, state=penalty.start(bound.shape))
        return solve(bound, penalty, self.solvers(), start)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the subspace, too."""
        super().keep(bound, solution)
        self.components_ = span_of(solution.coef)[: self.n_components]
