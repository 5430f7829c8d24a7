"""Kernel ridge regression of several tasks, for one covariance or another, or the best one."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64
from sklearn.exceptions import ConvergenceWarning

from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._squared_problem import (
    Fit,
    Spectrum,
    kernel_spectrum,
    solve_complete_features,
    solve_features,
    solve_joint,
    solve_kronecker,
)
from polytask.kernel_methods._task_matrix import best_covariance

__all__ = ["RidgeProblem", "learn_covariance"]

_ROUNDS = 300
_CLOSE = 1e-9


@dataclass(eq=False)
class RidgeProblem:
    """Squared errors plus the norm of functions.

    Attributes
    ----------
    matrix : array of shape (n, n) or (n, m)
        Kernel of the rows, or features.
    rows : KernelRows
    alpha : float
    fit_intercept : bool
    by_features : bool
        Which of both the matrix is.
    """

    matrix: Float64[np.ndarray, "n m"]
    rows: KernelRows
    alpha: float
    fit_intercept: bool
    by_features: bool

    @cached_property
    def _spectrum(self) -> Spectrum:
        return kernel_spectrum(self.matrix, self.rows, fit_intercept=self.fit_intercept)

    def solve(self, covariance: Float64[np.ndarray, "tasks tasks"]) -> Fit:
        """The solution for a covariance of tasks."""
        given = self.matrix, self.rows, covariance, self.alpha
        if self.rows.complete and not self.by_features:
            return solve_kronecker(
                *given, fit_intercept=self.fit_intercept, spectrum=self._spectrum
            )
        features = solve_complete_features if self.rows.complete else solve_features
        solve = features if self.by_features else solve_joint
        return solve(*given, fit_intercept=self.fit_intercept)

    def gramian(self, fit: Fit) -> Float64[np.ndarray, "tasks tasks"]:
        """Inner products of the tasks' functions, with the kernel of inputs."""
        gramian: np.ndarray = fit.coef.T @ (
            fit.coef if self.by_features else self.matrix @ fit.coef
        )
        return (gramian + gramian.T) / 2

    def errors(self, fit: Fit) -> float:
        """Half of the weighted sum of squared errors."""
        rows = self.rows
        scores = (self.matrix @ fit.coef + fit.intercept)[rows.row, rows.task]
        return 0.5 * float(rows.weight @ np.square(rows.label - scores))


def learn_covariance(
    name: str, problem: RidgeProblem, first: Float64[np.ndarray, "tasks tasks"], epsilon: float
) -> tuple[Float64[np.ndarray, "tasks tasks"], Fit, int]:
    """The best covariance and functions, solved in turn from a first covariance; and the number of rounds."""
    fit = problem.solve(first)
    gramian = problem.gramian(fit)
    unit = epsilon * max(float(np.trace(gramian)) / len(gramian), 1e-200)
    before, covariance = np.inf, first
    for n_iter in range(1, _ROUNDS + 1):
        covariance = best_covariance(gramian, unit)
        fit = problem.solve(covariance)
        gramian = problem.gramian(fit)
        inverse = np.linalg.inv(covariance)
        norms = float((inverse * gramian).sum()) + unit * float(np.trace(inverse))
        height = problem.errors(fit) + 0.5 * problem.alpha * norms
        if before - height <= _CLOSE * abs(height):
            return covariance, fit, n_iter
        before = height
    sentence = (
        f"{name} stopped after {_ROUNDS} rounds of covariance and functions, before the objective stood still. "
        "Raise `epsilon_covariance` or `alpha`."
    )
    warnings.warn(sentence, ConvergenceWarning, stacklevel=5)
    return covariance, fit, _ROUNDS
