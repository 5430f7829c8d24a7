"""Support vector machines of several tasks: their dual problem, solved by working sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int
from scipy.sparse.csgraph import connected_components

from polytask.kernel_methods._interior_point import QuadraticProgram, solve_program
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._task_losses import TaskLosses

__all__ = ["SupportVectors", "minimize_dual"]

_WORKING_SET = 600
_LARGEST_SET = 2000
_AT_ONCE = 1500
_BLOCK = 1 << 24


@dataclass(eq=False)
class SupportVectors:
    r"""Dual coefficients β of labels, and what follows from them.

    .. math:: \min_\beta\ \tfrac12 \beta^\top (K + R) \beta - y^\top \beta + \varepsilon^\top |\beta|
        \quad \text{s.t.} \quad l \le \beta \le u, \quad \sum_{i \in k} \beta_i = 0 \ \text{for each task } k

    with the joint kernel K, the curvature R of squared losses, 0 of others, and without the sums where there are no
    intercepts.

    Parameters
    ----------
    kernel : array of shape (n, n)
        Of rows.
    rows : KernelRows
        Labels of classes are −1 and 1.
    losses : TaskLosses
    alpha : float
    covariance : array of shape (n_tasks, n_tasks)
    fit_intercept : bool

    Attributes
    ----------
    beta : array of shape (n_labels,)
    function : array of shape (n_labels,)
        Scores of the labels' rows and tasks without intercepts.
    intercept : array of shape (n_tasks,)
    n_iter : int
    gap : float
        Relative duality gap, in units of the loss of constant scores.
    stalled : bool
        Whether the last working set did not improve the solution.
    """

    kernel: Float64[np.ndarray, "n n"]
    rows: KernelRows
    losses: TaskLosses
    alpha: float
    covariance: Float64[np.ndarray, "tasks tasks"]
    fit_intercept: bool

    def __post_init__(self) -> None:
        rows = self.rows
        bounds = self.losses.bounds(rows.label, rows.weight / self.alpha, rows.task)
        self.low, self.high, self.curvature = bounds
        self.cost = self.losses.epsilon[rows.task]
        self.order = np.argsort(rows.task, kind="stable")
        self.first = np.searchsorted(rows.task[self.order], np.arange(rows.n_tasks))
        self.beta, self.function = np.zeros(len(rows.label)), np.zeros(len(rows.label))
        self.n_iter, self.gap, self.stalled = 0, np.inf, False
        self.measure()
        self.unit = self.primal or 1.0

    def spread(self, beta: Float64[np.ndarray, " m"], chosen: np.ndarray) -> np.ndarray:
        """Coefficients of chosen labels as (n, n_tasks)."""
        wide = np.zeros((len(self.kernel), self.rows.n_tasks))
        np.add.at(wide, (self.rows.row[chosen], self.rows.task[chosen]), beta)
        return wide

    def products(self, beta: Float64[np.ndarray, " m"], chosen: np.ndarray) -> np.ndarray:
        """The joint kernel's columns of chosen labels times their coefficients."""
        row, task = self.rows.row, self.rows.task
        if len(row) <= len(self.kernel):
            product = np.empty(len(row))
            step = max(1, _BLOCK // max(1, len(chosen)))
            for start in range(0, len(row), step):
                part = np.arange(start, min(start + step, len(row)))
                block = self.kernel[np.ix_(row[part], row[chosen])]
                block *= self.covariance[np.ix_(task[part], task[chosen])]
                product[part] = block @ beta
            return product
        wide = self.spread(beta, chosen)
        used = np.flatnonzero(wide.any(axis=1))
        products: np.ndarray = (self.kernel[:, used] @ (wide[used] @ self.covariance))[row, task]
        return products

    def refresh(self) -> None:
        """Scores from the coefficients, after the covariance has changed."""
        used = np.flatnonzero(self.beta)
        self.function = self.products(self.beta[used], used)
        self.measure()

    def measure(self) -> None:
        """Slopes, intercepts and the duality gap of the present coefficients."""
        beta, rows = self.beta, self.rows
        slope = self.function + self.curvature * beta - rows.label
        rise = np.where(
            beta < self.high, slope + np.where(beta >= 0, self.cost, -self.cost), np.inf
        )
        fall = np.where(beta > self.low, slope + np.where(beta > 0, self.cost, -self.cost), -np.inf)
        level = np.zeros(rows.n_tasks)
        if self.fit_intercept:
            least = np.minimum.reduceat(rise[self.order], self.first)
            most = np.maximum.reduceat(fall[self.order], self.first)
            level = _between(most, least)
        self.violation = np.maximum(level[rows.task] - rise, fall - level[rows.task])
        self.intercept = -level
        scores = self.function - level[rows.task]
        losses = self.losses.values(rows.label, scores, rows.task)
        energy = float(beta @ self.function)
        self.primal = 0.5 * self.alpha * energy + float(rows.weight @ losses)
        conjugate = float(beta @ (0.5 * self.curvature * beta - rows.label) + self.cost @ abs(beta))
        self.dual = -self.alpha * (0.5 * energy + conjugate)

    def improve(self, chosen: Int[np.ndarray, " m"]) -> bool:
        """Solve the problem in chosen coefficients; False where that does not help."""
        rows, before = self.rows, self.beta[chosen]
        row, task = rows.row[chosen], rows.task[chosen]
        hessian = self.kernel[np.ix_(row, row)] * self.covariance[np.ix_(task, task)]
        outside = rows.label[chosen] - self.function[chosen] + hessian @ before
        hessian.flat[:: len(chosen) + 1] += self.curvature[chosen]
        present, group = np.unique(task, return_inverse=True)
        sums = np.bincount(group, before, len(present))
        sums = sums if self.fit_intercept else sums[:0]
        limits = self.low[chosen], self.high[chosen]
        program = QuadraticProgram(hessian, outside, self.cost[chosen], *limits, group, sums)
        after = solve_program(program)
        if program.height(after) >= program.height(before):
            return False
        moved = np.flatnonzero(after != before)
        self.beta[chosen] = after
        self.function += self.products((after - before)[moved], chosen[moved])
        return True

    def working_set(self, tol: float) -> Int[np.ndarray, " m"]:
        """Labels that violate the conditions most, and those whose coefficients are free.

        They are of tasks with a covariance, directly or by way of others: tasks without are problems apart.
        """
        part = connected_components(self.covariance != 0, directed=False)[1][self.rows.task]
        known = np.flatnonzero(part == part[int(self.violation.argmax())])
        beta, violation = self.beta[known], self.violation[known]
        free = (beta > self.low[known]) & (beta < self.high[known]) & (beta != 0)
        size = min(max(_WORKING_SET, int(1.5 * free.sum())), _LARGEST_SET)
        if len(known) <= max(size, _AT_ONCE):
            return known
        order = np.argsort(-violation, kind="stable")
        top = order[: max(size // 2, size - int(free.sum()))]
        top = top[violation[top] > tol * 1e-2]
        taken = np.zeros(len(known), dtype=bool)
        taken[top] = True
        rest = order[(free & ~taken)[order]]
        return known[np.sort(np.concatenate([top, rest[: size - len(top)]]))]


def _between(most: np.ndarray, least: np.ndarray) -> np.ndarray:
    """The middle of both ends, or the one that is finite."""
    middle = np.where(np.isfinite(most), most, least)
    both = np.isfinite(most) & np.isfinite(least)
    middle[both] = (most[both] + least[both]) / 2
    return np.where(np.isfinite(middle), middle, 0.0)


def minimize_dual(problem: SupportVectors, tol: float, max_iter: int) -> bool:
    """Improve working sets until the relative duality gap is below `tol`; whether it is."""
    problem.stalled = False
    for _ in range(max_iter):
        problem.gap = (problem.primal - problem.dual) / problem.unit
        if problem.gap <= tol:
            return True
        problem.n_iter += 1
        if not problem.improve(problem.working_set(tol)):
            problem.stalled = True
            return False
        problem.measure()
    problem.gap = (problem.primal - problem.dual) / problem.unit
    return bool(problem.gap <= tol)
