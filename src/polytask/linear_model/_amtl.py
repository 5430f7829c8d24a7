"""Base class of models with transfer from some tasks to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit, ScaledTasks
from polytask.linear_model._apart import ridge_per_task
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator, solve
from polytask.linear_model._transfer_penalty import TransferPenalty, best_transfer
from polytask.linear_model._turns import Turns, take_turns
from polytask.ranges import Range, SearchRange
from polytask.solvers import ClosedForm, QuasiNewton, Solution, Solver

__all__ = ["AsymmetricTransfer"]

_FINER = 0.01
"""Of the tolerance, within a turn."""
_STEPS = 10_000


class AsymmetricTransfer(PenalizedEstimator):
    """Squared distances of tasks to weighted sums of others, with weights that are learned, as penalty.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
    transfer_cost : float in [0, inf), default 0.1
    eta : float in [0, inf), default 0.1

    Attributes
    ----------
    transfer_ : array of shape (n_tasks, n_tasks)
    """

    transfer_: Float64[np.ndarray, "tasks tasks"]

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "transfer_cost": Interval(float, 0.0),
        "eta": Interval(float, 0.0),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": STRENGTH,
        "transfer_cost": Range(1e-4, 10.0, log=True, default=0.1, values=(0.01, 1.0)),
        "eta": Range(1e-4, 10.0, log=True, default=0.1, values=(0.01, 1.0)),
    }

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        transfer_cost: float = 0.1,
        eta: float = 0.1,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-3,
        max_iter: int = 1000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.transfer_cost = transfer_cost
        self.eta = eta

    def penalty(self) -> TransferPenalty:
        """The distances, for what is transferred, and a ridge."""
        return TransferPenalty(self.strength, self.eta)

    def solvers(self) -> Sequence[Solver]:
        """Of coefficients, for what is transferred."""
        return [kind(_FINER * self.tol, _STEPS) for kind in (ClosedForm, QuasiNewton)]

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """What is transferred and coefficients, in turns."""
        first = self.first(bound) if start is None else start
        size = max(float(np.linalg.norm(first.coef)), 1e-300) / np.sqrt(len(first.coef))
        turns = Turns(
            lambda now: self.improved(bound, now),
            lambda now: self.objective(bound, now),
            lambda now: np.c_[now.coef, size * now.state["transfer"]],
            lambda now, joined: _parted(now, joined, size),
        )
        return take_turns(turns, first, self.tol, self.max_iter)

    def first(self, bound: Bound) -> Solution:
        """Ridge regressions of each task."""
        apart = ridge_per_task(bound, self.strength * (1 + self.eta), _FINER * self.tol, _STEPS)
        return replace(apart, state=self.penalty().start(bound.shape))

    def improved(self, bound: Bound, now: Solution) -> Solution:
        """Better weights of transfer, then the best coefficients."""
        transfer = np.zeros((len(now.coef), len(now.coef)))
        if self.strength > 0:
            cost = self.transfer_cost / self.strength * self._of_tasks(_task_losses(bound, now))
            transfer = best_transfer(now.coef, cost, now.state["transfer"])
        weighted = self.bind(ScaledTasks(bound.rows, self.factors(transfer)))
        begin = replace(now, state={"transfer": transfer})
        return solve(weighted, self.penalty(), self.solvers(), begin)

    def factors(
        self, transfer: Float64[np.ndarray, "tasks tasks"]
    ) -> Float64[np.ndarray, " tasks"]:
        """What the losses are multiplied by."""
        return 1 + self.transfer_cost * self._of_tasks(transfer.sum(axis=1))

    def _of_tasks(self, values: Float64[np.ndarray, " columns"]) -> Float64[np.ndarray, " columns"]:
        """Means over the columns of a task where its classes have a loss together, else the values."""
        if not self.couples_classes():
            return values
        owners = self._owners()
        means: np.ndarray = np.bincount(owners, values) / np.bincount(owners)
        return means[owners]

    def objective(self, bound: Bound, now: Solution) -> float:
        """What coefficients and weights of transfer minimise together."""
        distances = float(self.penalty().value(now.coef, now.state))
        return float(self.factors(now.state["transfer"]) @ _task_losses(bound, now)) + distances

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep what is transferred, too."""
        super().keep(bound, solution)
        self.transfer_ = np.asarray(solution.state["transfer"])


def _task_losses(bound: Bound, now: Solution) -> Float64[np.ndarray, " tasks"]:
    """The mean loss of each task, times its weight."""
    rows = bound.rows
    losses = bound.datafit.loss(rows.scores(now.coef, now.intercept), rows.labels)
    return rows.totals(np.where(rows.weights > 0, rows.weights * losses, 0.0))


def _parted(now: Solution, joined: Float64[np.ndarray, "tasks all"], size: float) -> Solution:
    """The solution with other coefficients and weights of transfer, side by side, as far as these may be."""
    n_features = now.coef.shape[1]
    transfer = np.maximum(joined[:, n_features:] / size, 0.0)
    np.fill_diagonal(transfer, 0.0)
    return replace(now, coef=joined[:, :n_features], state={"transfer": transfer})
