"""Linear equations of squared errors with a quadratic penalty over tasks."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from polytask.datafits import SquaredBound
from polytask.solvers._conjugate_gradients import conjugate_gradients
from polytask.solvers._mean_products import MeanProducts
from polytask.solvers._task_equations import TaskEquations

__all__ = ["QuadraticEquations"]

Coef = Float[np.ndarray, "tasks features"]

_DENSE = 1000
"""Unknowns up to which a system is solved densely."""
_COMPLEMENT = 1500
"""Unknowns up to which a Schur complement is."""
_REFINEMENTS = 3
_ENOUGH = 1e-13


class QuadraticEquations:
    r""":math:`G_k w_k + \sum_l P_{kl} w_l = c_k`.

    Parameters
    ----------
    bound : SquaredBound
    precision : array of shape (n_tasks, n_tasks)
        P, with the strength of the penalty.

    Attributes
    ----------
    direct : bool
        Whether they are solved to rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import OwnRows, Squared
    >>> from polytask.solvers._quadratic_equations import QuadraticEquations
    >>> rows = OwnRows(np.ones((2, 1)), np.array([1.0, 3.0]), np.array([0, 1]), fit_intercept=False)
    >>> equations = QuadraticEquations(Squared().bind(rows), np.eye(2))
    >>> equations.solve(None, 1e-6, 10)[0]
    array([[0.5],
           [1.5]])
    """

    def __init__(self, bound: SquaredBound, precision: Float[np.ndarray, "tasks tasks"]) -> None:
        self.bound = bound
        self.precision = (precision + precision.T) / 2
        values, self.axes = np.linalg.eigh(self.precision)
        largest = np.abs(values).max(initial=0.0)
        self.values = np.where(values > 1e-13 * largest, values, 0.0)

    @cached_property
    def common(self) -> float:
        """The eigenvalue of P with the most eigenvectors."""
        near = np.abs(self.values[:, None] - self.values) <= 1e-9 * self.values.max(initial=0.0)
        return float(self.values[near.sum(axis=1).argmax()])

    @cached_property
    def others(self) -> Int[np.ndarray, " r"]:
        """Positions of the eigenvalues of P that differ from it."""
        distance = np.abs(self.values - self.common)
        found: np.ndarray = np.flatnonzero(distance > 1e-9 * self.values.max(initial=0.0))
        return found

    @cached_property
    def by_complement(self) -> bool:
        """Whether tasks are solved on their own, up to a small Schur complement."""
        size = len(self.others) * self.bound.shape[1]
        return len(self.others) == 0 or (self.common > 0 and size <= _COMPLEMENT)

    @property
    def direct(self) -> bool:
        return self.bound.rows.common or self.by_complement or self.bound.cross.size <= _DENSE

    def left(self, coef: Coef) -> Float64[np.ndarray, "tasks features"]:
        """What the equations miss, minus the gradient of the objective."""
        slope = self.bound.gradient(coef, self.bound.mean)[0]
        missed: np.ndarray = -slope - self.precision @ coef
        return missed

    def residual(self, coef: Coef) -> float:
        """Its norm, relative to that of zero coefficients."""
        scale = float(np.linalg.norm(self.bound.cross))
        return float(np.linalg.norm(self.left(coef))) / max(scale, 1e-300)

    def solve(self, start: Coef | None, tol: float, max_iter: int) -> tuple[np.ndarray, int]:
        """W, and how many iterations it took."""
        if self.bound.rows.common:
            return self._rotated(self.bound.cross), 1
        if self.by_complement:
            return self._refined(TaskEquations(self.bound, self.common)), 1
        if self.bound.cross.size <= _DENSE:
            return self._dense(), 1
        first = np.zeros(self.bound.shape) if start is None else start
        model = MeanProducts.of(self.bound)

        def inverse(left: Coef) -> np.ndarray:
            return model.inverse(left, self.values, self.axes)

        goal = tol * float(np.linalg.norm(self.bound.cross))
        return conjugate_gradients(self.left, inverse, first, goal, max_iter)

    def _rotated(self, cross: Coef) -> np.ndarray:
        """The solution for one G, in the eigenvectors of both."""
        g, axes = self.bound.spectrum
        divisors = self.values[:, None] + g
        rotated: np.ndarray = self.axes @ ((self.axes.T @ cross @ axes) / divisors) @ axes.T
        return rotated

    def _refined(self, equations: TaskEquations) -> np.ndarray:
        """The solution by a Schur complement, which small residuals correct."""
        solve = equations.coupled(self.axes[:, self.others], self.values[self.others])
        coef = solve(self.bound.cross)
        residual = self.residual(coef)
        for _ in range(_REFINEMENTS):
            if residual <= _ENOUGH:
                break
            further = coef + solve(self.left(coef))
            if not self.residual(further) < 0.5 * residual:
                break
            coef, residual = further, self.residual(further)
        return coef

    def _dense(self) -> np.ndarray:
        """The solution of all equations at once, of the least norm where they are singular."""
        n_tasks, p = self.bound.shape
        whole = np.kron(self.precision, np.eye(p)).reshape(n_tasks, p, n_tasks, p)
        tasks = np.arange(n_tasks)
        whole[tasks, :, tasks, :] += self.bound.products
        system = whole.reshape(n_tasks * p, n_tasks * p)
        wanted = self.bound.cross.ravel()
        try:
            factor = cho_factor(system, lower=True)
            sizes = np.diag(factor[0])
            if sizes.min() ** 2 > 1e-12 * sizes.max() ** 2:
                return np.asarray(cho_solve(factor, wanted)).reshape(n_tasks, p)
        except LinAlgError:
            pass
        least: np.ndarray = np.linalg.pinv(system, rcond=1e-12, hermitian=True) @ wanted
        return least.reshape(n_tasks, p)
