"""Kernel ridge regressions of several tasks, each with its own weights of several kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.linalg import cho_factor, cho_solve

from polytask.kernel_methods._kernel_rows import KernelRows

__all__ = ["MixedRidge", "OwnRows", "WeightedFit", "learn_weights", "own_rows"]

_BOLDER = 1.5
_LEAST = 1e-12


class OwnRows(NamedTuple):
    """One task's labels: which of all these are, the kernels (m, n, n), labels (n,) and weights (n,)."""

    which: np.ndarray
    kernels: Float64[np.ndarray, "kernels n n"]
    label: Float64[np.ndarray, " n"]
    weight: Float64[np.ndarray, " n"]


def own_rows(kernels: Sequence[Float64[np.ndarray, "n n"]], rows: KernelRows) -> list[OwnRows]:
    """The labels of each task, with the kernels of its rows; complete rows have the same ones."""
    tasks, common = [], np.stack(kernels) if rows.complete else None
    for task in range(rows.n_tasks):
        which = np.flatnonzero(rows.task == task)
        own = np.ix_(rows.row[which], rows.row[which])
        stack = np.stack([kernel[own] for kernel in kernels]) if common is None else common
        tasks.append(OwnRows(which, stack, rows.label[which], rows.weight[which]))
    return tasks


class WeightedFit(NamedTuple):
    r"""Functions for some weights.

    Attributes
    ----------
    weights : array of shape (n_tasks, n_kernels)
    coefs : list of arrays of shape (n_k,)
        Coefficients β of the kernels of the tasks' rows.
    intercept : array of shape (n_tasks,)
    squares : array of shape (n_tasks, n_kernels)
        :math:`\beta_k^\top K_m \beta_k`.
    losses, gains : float
        Half of the weighted squared errors, and what these add to the dual objective.
    """

    weights: Float64[np.ndarray, "tasks kernels"]
    coefs: list[np.ndarray]
    intercept: Float64[np.ndarray, " tasks"]
    squares: Float64[np.ndarray, "tasks kernels"]
    losses: float
    gains: float


@dataclass(frozen=True, eq=False)
class MixedRidge:
    r"""Squared errors plus :math:`\frac{\alpha c}2 \big(\sum_m (\sum_k \|f_{km}\|^q)^{1/q}\big)^2`.

    c is :math:`T^{-(2 - q) / q}`, so that equal weights 1 / M are those of one kernel ridge regression.

    Attributes
    ----------
    tasks : list of OwnRows
    alpha, norm : float
        The norm is q.
    fit_intercept : bool
    """

    tasks: list[OwnRows]
    alpha: float
    norm: float
    fit_intercept: bool

    @property
    def scale(self) -> float:
        """C."""
        return float(len(self.tasks) ** (-(2 - self.norm) / self.norm))

    def solve(self, weights: Float64[np.ndarray, "tasks kernels"]) -> WeightedFit:
        """The functions for given weights: a kernel ridge regression per task."""
        pairs = zip(self.tasks, weights, strict=True)
        parts = [self._solve_task(own, each) for own, each in pairs]
        coefs, intercept, squares, losses, gains = zip(*parts, strict=True)
        fits = list(coefs), np.array(intercept), np.stack(squares)
        return WeightedFit(weights, *fits, float(sum(losses)), float(sum(gains)))

    def _solve_task(self, own: OwnRows, weights: Float64[np.ndarray, " kernels"]) -> Any:
        if len(own.label) == 0:
            return np.zeros(0), 0.0, np.zeros(len(weights)), 0.0, 0.0
        matrix = np.tensordot(weights, own.kernels, axes=1)
        matrix.flat[:: len(matrix) + 1] += self.alpha / own.weight
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        sides = np.stack([own.label, np.ones(len(own.label))], axis=1)
        coef, ones = cho_solve(factor, sides, check_finite=False).T
        intercept = float(coef.sum() / ones.sum()) if self.fit_intercept else 0.0
        coef = coef - intercept * ones
        squares = np.maximum((own.kernels @ coef) @ coef, 0.0)
        dual = self.alpha * coef
        losses = 0.5 * float(np.square(dual) @ (1 / own.weight))
        return coef, intercept, squares, losses, float(dual @ own.label) - losses

    def sizes(self, fit: WeightedFit) -> Float64[np.ndarray, "tasks kernels"]:
        """Norms of the functions of tasks and kernels."""
        sizes: np.ndarray = fit.weights * np.sqrt(fit.squares)
        return sizes

    def height(self, fit: WeightedFit) -> float:
        """The objective, for the best weights of these functions."""
        total = float(_norms(self.sizes(fit), self.norm).sum())
        return fit.losses + 0.5 * self.alpha * self.scale * total**2

    def bound(self, fit: WeightedFit) -> float:
        """The dual objective of the residuals, below the least height."""
        slopes = self.alpha * np.sqrt(fit.squares)
        dual = np.inf if self.norm == 1 else self.norm / (self.norm - 1)
        steepest = float(_norms(slopes, dual).max())
        return fit.gains - steepest**2 / (2 * self.alpha * self.scale)

    def best_weights(
        self, sizes: Float64[np.ndarray, "tasks kernels"]
    ) -> Float64[np.ndarray, "tasks kernels"]:
        """The weights that minimise the sum of squared norms over weights."""
        norms = _norms(sizes, self.norm)
        total = float(norms.sum())
        if total == 0:
            return np.full(sizes.shape, 1 / sizes.shape[1])
        ratio = sizes / np.where(norms > 0, norms, 1.0)
        weights: np.ndarray = norms / total * ratio ** (2 - self.norm) / self.scale
        return weights

    def scaled(
        self, weights: Float64[np.ndarray, "tasks kernels"]
    ) -> Float64[np.ndarray, "tasks kernels"]:
        """Weights of the same ratios that use the whole budget."""
        power = np.inf if self.norm == 2 else self.norm / (2 - self.norm)
        used = float(_norms(weights, power).sum()) * self.scale
        scaled: np.ndarray = weights / used
        return scaled


def _norms(values: Float64[np.ndarray, "tasks kernels"], power: float) -> np.ndarray:
    """Norm over tasks for each kernel, without overflow."""
    most = np.abs(values).max(axis=0)
    if np.isinf(power):
        return np.asarray(most)
    ratio = np.abs(values) / np.where(most > 0, most, 1.0)
    norms: np.ndarray = most * (ratio**power).sum(axis=0) ** (1 / power)
    return norms


def learn_weights(
    problem: MixedRidge, n_kernels: int, tol: float, max_iter: int
) -> tuple[WeightedFit, float, int]:
    """The best weights with their functions, the relative duality gap, and the number of solutions.

    Weights are the best of the functions before, or beyond these on a logarithmic scale while that lowers the objective.
    """
    weights = np.full((len(problem.tasks), n_kernels), 1 / n_kernels)
    fit = problem.solve(weights)
    unit = sum(_constant_loss(own, problem.fit_intercept) for own in problem.tasks) or 1.0
    height, bold = problem.height(fit), 1.0
    best = problem.bound(fit)
    n_iter = 1
    while (height - best) / unit > tol and n_iter < max_iter:
        target = problem.best_weights(problem.sizes(fit))
        if bold > 1:
            floor = np.maximum(fit.weights, 1e-300)
            target = problem.scaled(floor * (np.maximum(target, 1e-300) / floor) ** bold)
        moved = problem.solve(target)
        n_iter += 1
        now = problem.height(moved)
        best = max(best, problem.bound(moved))
        if now <= height or bold == 1:
            fit, height, bold = moved, now, bold * _BOLDER
        else:
            bold = 1.0
    return fit, (height - best) / unit, n_iter


def _constant_loss(own: OwnRows, fit_intercept: bool) -> float:
    """Loss of the best constant, or of 0."""
    total = own.weight.sum()
    centre = float(own.weight @ own.label) / total if fit_intercept and total > 0 else 0.0
    loss = 0.5 * float(own.weight @ np.square(own.label - centre))
    return loss if loss > _LEAST * float(own.weight @ np.square(own.label)) else 0.0
