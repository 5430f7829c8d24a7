"""Support vector machines of several tasks: their dual problem, solved by working sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int
from scipy.sparse.csgraph import connected_components

from polytask.kernel_methods._interior_point import QuadraticProgram, solve_program
from polytask.kernel_methods._joint_kernel import JointKernel
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._task_losses import TaskLosses

__all__ = ["SupportVectors", "minimize_dual"]

_WORKING_SET = 600
_LARGEST_SET = 2000
_MOST_WORK = 1e11
_SLOW = 0.5
_APART = 1e-7
_HALVINGS = 50
_EXACT, _ROUGH = 1e-13, 1e-8
_NEAR = (1e-3, 1e-5)
_LEAST_DAMPING = 1e-8
_MOST_DAMPING = 1e-3


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
    damping : float
        What is added to the diagonal after a set that did not improve it, in units of its mean.
    exact : bool
        Whether the last set was solved with its own matrix.
    lacks : array of shape (n_labels,)
        What each label adds to the duality gap.
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
        self.joint = JointKernel(self.kernel, self.rows, self.covariance)
        self.order = np.argsort(rows.task, kind="stable")
        self.first = np.searchsorted(rows.task[self.order], np.arange(rows.n_tasks))
        self.beta, self.function = np.zeros(len(rows.label)), np.zeros(len(rows.label))
        self.n_iter, self.gap, self.stalled = 0, np.inf, False
        self.damping, self.exact = 0.0, True
        self.measure()
        self.unit = self.primal or 1.0

    def spread(self, beta: Float64[np.ndarray, " m"], chosen: np.ndarray) -> np.ndarray:
        """Coefficients of chosen labels as (n, n_tasks)."""
        wide = np.zeros((len(self.kernel), self.rows.n_tasks))
        np.add.at(wide, (self.rows.row[chosen], self.rows.task[chosen]), beta)
        return wide

    def refresh(self) -> None:
        """Scores from the coefficients, after the covariance has changed."""
        self.joint = self.joint.with_covariance(self.covariance)
        used = np.flatnonzero(self.beta)
        self.function = self.joint.product(self.beta[used], used)
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
            apart = most - least > _APART * (np.abs(rows.label).mean() + self.cost.mean())
            if apart.any():
                level = np.where(apart, -self._best_intercepts(), level)
        self.violation = np.maximum(level[rows.task] - rise, fall - level[rows.task])
        self.intercept = -level
        scores = self.function - level[rows.task]
        losses = self.losses.values(rows.label, scores, rows.task)
        energy = float(beta @ self.function)
        self.primal = 0.5 * self.alpha * energy + float(rows.weight @ losses)
        conjugate = beta * (0.5 * self.curvature * beta - rows.label) + self.cost * np.abs(beta)
        self.dual = -self.alpha * (0.5 * energy + float(conjugate.sum()))
        self.lacks = rows.weight * losses + self.alpha * (beta * scores + conjugate)

    def _best_intercepts(self) -> Float64[np.ndarray, " tasks"]:
        """Intercepts of the least losses for the present functions, by bisection."""
        rows, task = self.rows, self.rows.task
        centre = rows.label - self.function
        reach = 1.0 + self.losses.epsilon
        low = np.minimum.reduceat(centre[self.order], self.first) - reach
        high = np.maximum.reduceat(centre[self.order], self.first) + reach
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            slopes = self.losses.slopes(rows.label, self.function + middle[task], task)
            rises = np.bincount(task, rows.weight * slopes, rows.n_tasks) > 0
            low, high = np.where(rises, low, middle), np.where(rises, middle, high)
        best: np.ndarray = (low + high) / 2
        return best

    def improve(self, chosen: Int[np.ndarray, " m"]) -> bool:
        """Solve the problem in chosen coefficients; False where that does not help.

        Where the matrix is not exact, its solution gives a direction, along which the problem is solved.
        """
        chosen = chosen[np.argsort(self.rows.task[chosen], kind="stable")]
        before, curvature = self.beta[chosen], self.curvature[chosen]
        damping = self.damping * float(self.joint.diagonal.mean())
        matrix, exact = self.joint.matrix(chosen, curvature + damping)
        self.exact = exact and not damping
        slope = self.function[chosen] + curvature * before - self.rows.label[chosen]
        present, group = np.unique(self.rows.task[chosen], return_inverse=True)
        sums = np.bincount(group, before, len(present))
        sums = sums if self.fit_intercept else sums[:0]
        limits, cost = (self.low[chosen], self.high[chosen]), self.cost[chosen]
        outside = matrix.product(before) - slope
        program = QuadraticProgram(matrix, outside, cost, *limits, group, sums)
        after = solve_program(program, _EXACT if self.exact else _ROUGH)
        if program.height(after) >= program.height(before):
            return False
        moved = np.flatnonzero(after != before)
        product = self.joint.product((after - before)[moved], chosen[moved])
        if not self.exact:
            change = after - before
            fall = -change @ slope - cost @ (np.abs(after) - np.abs(before))
            bend = change @ (product[chosen] + curvature * change)
            length = min(1.0, float(fall / bend)) if fall > 0 else 0.0
            after = after if length == 1.0 else before + length * change
            product *= length
        self.beta[chosen] = after
        self.function += product
        return True

    def snap(self, tol: float) -> None:
        """Move coefficients that are next to 0 or a bound there, as far as the gap stays below `tol`."""
        kept = self.beta, self.function
        size = np.where(
            np.isfinite(self.high - self.low), self.high - self.low, np.abs(kept[0]).max()
        )
        for near in _NEAR:
            beta = np.where(np.abs(kept[0]) < near * size, 0.0, kept[0])
            beta = np.where(self.high - beta < near * size, self.high, beta)
            beta = np.where(beta - self.low < near * size, self.low, beta)
            self.beta = self._with_sums(beta) if self.fit_intercept else beta
            self.refresh()
            self.gap = (self.primal - self.dual) / self.unit
            if self.gap <= tol:
                return
        self.beta, self.function = kept
        self.measure()
        self.gap = (self.primal - self.dual) / self.unit

    def _with_sums(self, beta: Float64[np.ndarray, " labels"]) -> Float64[np.ndarray, " labels"]:
        """With sums of 0 in every task, by moves of the free coefficients in proportion to their room."""
        task, n_tasks = self.rows.task, self.rows.n_tasks
        lack = -np.bincount(task, beta, n_tasks)[task]
        free = (beta > self.low) & (beta < self.high) & (beta != 0)
        edge = np.where(
            lack > 0, np.where(beta > 0, self.high, 0.0), np.where(beta > 0, 0.0, self.low)
        )
        room = np.where(np.isfinite(edge), np.abs(edge - beta), np.abs(beta)) * free
        total = np.bincount(task, room, n_tasks)[task]
        share = np.minimum(np.abs(lack) / np.where(total > 0, total, np.inf), 0.9)
        moved: np.ndarray = beta + np.sign(lack) * share * room
        return moved

    def working_set(self, tol: float) -> Int[np.ndarray, " m"]:
        """Labels that violate the conditions most, and those whose coefficients are free.

        They are of tasks with a covariance, directly or by way of others: tasks without are problems apart.
        """
        part = connected_components(self.covariance != 0, directed=False)[1][self.rows.task]
        known = np.flatnonzero(part == np.bincount(part, self.lacks).argmax())
        if self.joint.work(known) <= _MOST_WORK:
            return known
        beta, violation = self.beta[known], self.violation[known]
        free = (beta > self.low[known]) & (beta < self.high[known]) & (beta != 0)
        size = min(max(_WORKING_SET, int(1.5 * free.sum())), _LARGEST_SET)
        if len(known) <= size:
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
            if not problem.exact:
                problem.snap(tol)
            return True
        problem.n_iter += 1
        before = problem.primal - problem.dual
        improved = problem.improve(problem.working_set(tol))
        problem.measure()
        if not problem.exact and problem.primal - problem.dual > _SLOW * before:
            problem.joint.refine()
        if not improved:
            if problem.damping >= _MOST_DAMPING:
                problem.stalled = True
                return False
            problem.damping = max(_LEAST_DAMPING, 100 * problem.damping)
    problem.gap = (problem.primal - problem.dual) / problem.unit
    return bool(problem.gap <= tol)
