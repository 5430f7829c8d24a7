"""Base class of support vector machines of several tasks."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int
from sklearn.exceptions import ConvergenceWarning

from polytask._validation import message
from polytask.constraints import Constraint, Interval
from polytask.estimators import TaskTable
from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods._kernel_estimator import KernelEstimator
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._support_vectors import SupportVectors, minimize_dual
from polytask.kernel_methods._task_losses import TaskLosses
from polytask.kernel_methods._task_matrix import best_covariance

__all__ = ["SupportVectorMachine"]

_MOST_ROWS = 25_000
_ROUNDS = 30
_CLOSE = 1e-4


class SupportVectorMachine(KernelEstimator):
    """Losses of support vector machines plus the norm of the functions of the tasks.

    A class says which losses its tasks have (`_losses`) and how columns of scores covary (`_first_covariance`).

    Attributes
    ----------
    n_support_ : array of shape (n_columns,)
        Labels of each column of scores whose dual coefficients are not zero.
    n_iter_ : int
        Working sets.
    dual_gap_ : float
        Relative duality gap at the end, in units of the loss of constant scores.
    objective_ : float
        What was minimised, at the end.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **KernelEstimator.parameter_constraints,
        "tol": Interval(float, 0.0, closed="neither"),
        "max_iter": Interval(int, 1),
    }

    n_support_: Int[np.ndarray, " columns"]

    def __init__(
        self,
        alpha: float,
        *,
        loss: str | Sequence[str],
        tol: float,
        max_iter: int,
        **kernel: Any,
    ) -> None:
        super().__init__(alpha, **kernel)
        self.loss = loss
        self.tol = tol
        self.max_iter = max_iter

    @abstractmethod
    def _losses(self, rows: KernelRows) -> tuple[TaskLosses, Float64[np.ndarray, " labels"]]:
        """Losses of the columns of scores, and labels as these read them."""

    def learn(self, table: TaskTable) -> None:
        """Solve the dual problem, in turn with the covariance where that is learned."""
        self._learned(table)

    def _learned(self, table: TaskTable) -> SupportVectors:
        """The solved problem of all rows, whose solution is kept.

        Raises
        ------
        DataError
            If there are too many rows.
        """
        rows = KernelRows.of(table)
        if rows.X.shape[0] > _MOST_ROWS:
            sentence = (
                f"{type(self).__name__} holds the kernel matrix of its rows, at most {_MOST_ROWS:,}. Got "
                f"{rows.X.shape[0]:,} rows: give fewer, or use MultiTaskKernelRidge with an approximation."
            )
            raise DataError(sentence)
        self._resolve_gamma(rows)
        problem = self._solve(rows, self._kernel().matrix(rows.X, rows.X))
        used = np.flatnonzero(problem.beta)
        wide = problem.spread(problem.beta[used], used)
        kept = np.flatnonzero(wide.any(axis=1))
        kept = kept if len(kept) else np.arange(1)
        self.support_vectors_ = rows.X[kept].copy()
        self.dual_coef_ = wide[kept] @ problem.covariance
        self.intercept_ = problem.intercept
        self.task_covariance_ = problem.covariance
        self.n_support_ = np.bincount(rows.task[used], minlength=rows.n_tasks)
        self.n_iter_, self.dual_gap_, self.objective_ = problem.n_iter, problem.gap, problem.primal
        return problem

    def _solve(self, rows: KernelRows, kernel: Float64[np.ndarray, "n n"]) -> SupportVectors:
        """The solved problem of labels, with the kernel of all rows of X."""
        losses, label = self._losses(rows)
        problem = SupportVectors(
            kernel,
            rows.with_labels(label),
            losses,
            self.alpha,
            self._first_covariance(rows.n_tasks),
            self.fit_intercept,
        )
        solved = minimize_dual(problem, self.tol, self.max_iter)
        if isinstance(self.task_covariance, str):
            solved = self._learn_covariance(problem)
        if not solved:
            remedy = (
                "The last set did not improve it: raise `alpha` or `tol`."
                if problem.stalled
                else "Raise `max_iter`, `tol` or `alpha`."
            )
            sentence = (
                f"{type(self).__name__} stopped after {problem.n_iter} working sets at a relative duality gap "
                f"of {problem.gap:.2g}, above tol={self.tol:g}. {remedy}"
            )
            warnings.warn(sentence, ConvergenceWarning, stacklevel=5)
        return problem

    def _learn_covariance(self, problem: SupportVectors) -> bool:
        """Covariance and coefficients in turn, until the objective of both stands still."""
        height, solved = np.inf, False
        gramian = _gramian(problem)
        unit = self.epsilon_covariance * max(float(np.trace(gramian)) / len(gramian), 1e-200)
        for _ in range(_ROUNDS):
            problem.covariance = best_covariance(_gramian(problem), unit)
            problem.refresh()
            solved = minimize_dual(problem, self.tol, self.max_iter)
            inverse = np.trace(np.linalg.inv(problem.covariance))
            now = problem.primal + 0.5 * self.alpha * unit * inverse
            if height - now <= _CLOSE * abs(now):
                break
            height = now
        return solved

    def _per_task(self, parameter: str, tasks: list[Any]) -> list[Any]:
        """A setting of every task, given once or for each.

        Raises
        ------
        ParameterError
            If there are not as many as tasks.
        """
        value = getattr(self, parameter)
        if not isinstance(value, tuple | list):
            return [value] * len(tasks)
        if len(value) != len(tasks):
            name = type(self).__name__
            expected = f"one value, or one for each of the {len(tasks)} tasks"
            remedy = (
                f"The tasks are {', '.join(map(repr, tasks[:5]))}{' …' if len(tasks) > 5 else ''}."
            )
            raise ParameterError(message(name, parameter, expected, value, remedy))
        return list(value)


def _gramian(problem: SupportVectors) -> Float64[np.ndarray, "tasks tasks"]:
    """Inner products of the tasks' functions."""
    used = np.flatnonzero(problem.beta)
    wide = problem.spread(problem.beta[used], used)
    kept = np.flatnonzero(wide.any(axis=1))
    inner = wide[kept].T @ problem.kernel[np.ix_(kept, kept)] @ wide[kept]
    gramian: np.ndarray = problem.covariance @ inner @ problem.covariance
    return gramian
