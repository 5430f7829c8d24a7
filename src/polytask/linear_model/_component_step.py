"""The best components for codes of tasks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from polytask.datafits import Bound
from polytask.penalties import QuadraticPenalty
from polytask.solvers import QuasiNewton, Solution

__all__ = ["ComponentStep", "balanced"]

_ROUNDING = 1e-12


class _ComponentBound(Bound):
    """A loss of W = S C with fixed S and intercepts, as a function of C."""

    def __init__(
        self, bound: Bound, codes: np.ndarray, intercept: np.ndarray, curvature: float
    ) -> None:
        super().__init__(bound.datafit, bound.rows)
        self.inner, self.codes, self.levels, self.curvature = bound, codes, intercept, curvature
        self.shape = (codes.shape[1], bound.shape[1])

    def start(self) -> Float64[np.ndarray, " k"]:
        return np.zeros(self.shape[0])

    def value(self, coef: np.ndarray, intercept: np.ndarray) -> float:
        return self.inner.value(self.codes @ coef, self.levels)

    def value_and_gradient(
        self, coef: np.ndarray, intercept: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]:
        value, slope, _ = self.inner.value_and_gradient(self.codes @ coef, self.levels)
        return value, self.codes.T @ slope, np.zeros(self.shape[0])

    def gradient(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.value_and_gradient(coef, intercept)[1:]

    def lipschitz(self) -> tuple[np.ndarray, np.ndarray]:
        largest = self.curvature * len(self.codes) / self.shape[0]
        return np.full(self.shape[0], largest), np.ones(self.shape[0])


@dataclass(frozen=True)
class _RidgeOfParts(QuadraticPenalty):
    """Squares of rows, each over a size of its own."""

    sizes: tuple[float, ...] = ()

    def precision(self, n_tasks: int, state: object = None) -> np.ndarray:
        return np.diag(1 / np.array(self.sizes))


class ComponentStep:
    r"""C that minimises :math:`f(S C, b) + \tfrac\beta2 \|C\|^2`, for codes S of tasks and intercepts b.

    Codes are made orthogonal before, with squares that sum to n_tasks / k, so that the solver's model of the
    curvature, a sum over k rows, fits.

    Parameters
    ----------
    bound : Bound
        f.
    ridge : float
        Beta.
    tol : float
        Norm of the gradient relative to that at 0.
    max_iter : int

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.linear_model._component_step import ComponentStep
    >>> bound = Squared().bind(SharedRows(np.eye(2), 2 * np.eye(2), fit_intercept=False))
    >>> step = ComponentStep(bound, 0.5, 1e-9, 100)
    >>> step.best(np.array([[1.0], [0.0]]), np.zeros(2), np.zeros((1, 2))).round(6)
    array([[1., 0.]])
    """

    def __init__(self, bound: Bound, ridge: float, tol: float, max_iter: int) -> None:
        self.bound, self.ridge, self.solver = bound, ridge, QuasiNewton(tol, max_iter)
        self._curvature = float(bound.lipschitz()[0].max())

    def best(
        self,
        codes: Float[np.ndarray, "tasks k"],
        intercept: Float[np.ndarray, " tasks"],
        start: Float[np.ndarray, "k features"],
    ) -> Float64[np.ndarray, "k features"]:
        """C; rows that no task uses are 0."""
        squares, axes = np.linalg.eigh(codes.T @ codes)
        kept = squares > _ROUNDING * max(squares[-1], 1e-300)
        if not kept.any():
            return np.zeros(start.shape)
        axes = axes[:, kept]
        lengths = np.sqrt(squares[kept] * kept.sum() / len(codes))
        inner = _ComponentBound(self.bound, codes @ axes / lengths, intercept, self._curvature)
        turned = (axes.T @ start) * lengths[:, None]
        begin = Solution(turned, inner.start(), 0, np.inf, "gradient norm", converged=False)
        penalty = _RidgeOfParts(self.ridge, tuple((lengths**2).tolist()))
        found = self.solver.solve(inner, penalty, begin)
        components: np.ndarray = axes @ (found.coef / lengths[:, None])
        return components


def balanced(
    codes: Float[np.ndarray, "tasks k"], components: Float[np.ndarray, "k features"]
) -> tuple[Float64[np.ndarray, "tasks k"], Float64[np.ndarray, "k features"]]:
    r"""The same S C with the sizes that minimise :math:`\|S\|_1 + \tfrac12 \|C\|^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._component_step import balanced
    >>> codes, components = balanced(np.ones((8, 1)), np.ones((1, 1)))
    >>> codes[0], components[0]
    (array([0.5]), array([2.]))
    """
    of_codes, squares = np.abs(codes).sum(axis=0), (components**2).sum(axis=1)
    used = (of_codes > 0) & (squares > 0)
    factor = np.cbrt(np.where(used, of_codes, 1.0) / np.where(used, squares, 1.0))
    return codes / factor, components * factor[:, None]
