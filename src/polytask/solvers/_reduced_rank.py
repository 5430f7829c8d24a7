"""Squared errors and squares of coefficients of a bounded rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy.optimize import minimize

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, SquaredBound
from polytask.penalties import Penalty, SquaredL2
from polytask.solvers._closed_form import ClosedForm
from polytask.solvers._mean_products import mean_products
from polytask.solvers._solution import Solution
from polytask.solvers._solver import Solver

__all__ = ["ReducedRank"]

_ROUNDING = 1e-12
"""Eigenvalues of products that count as 0, in units of the largest."""
_MOST_FEATURES = 5000
"""Of tasks with different rows, whose mean products are kept."""
_MEMORY = 20


@dataclass(frozen=True)
class ReducedRank(Solver):
    r"""Ridge regression of several tasks with coefficients of a bounded rank.

    .. math:: \min_{\operatorname{rank} W \le r}\ \sum_k \tfrac12 \|y_k - \tilde X_k w_k\|^2_{\omega_k}
        + \tfrac{\alpha}{2} \|W\|_F^2

    Where tasks have the same rows, with products G, the minimum is the best approximation of rank r of
    :math:`C (G + \alpha I)^{-1/2}`, times :math:`(G + \alpha I)^{-1/2}`. For other rows that of the mean products
    is where L-BFGS on the factors of W begins.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Norm of the gradient along matrices of rank r, relative to that at zero, of tasks with different rows.
    max_iter : int, default 10000
        Largest number of L-BFGS steps.
    rank : int, default 2

    References
    ----------
    Izenman, "Reduced-rank regression for the multivariate linear model", Journal of Multivariate Analysis 1975.
    Mukherjee and Zhu, "Reduced rank ridge regression and its kernel extensions", Statistical Analysis and Data
    Mining 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.penalties import SquaredL2
    >>> from polytask.solvers import ReducedRank
    >>> bound = Squared().bind(SharedRows(np.eye(2), np.diag([4.0, 1.0]), fit_intercept=False))
    >>> ReducedRank(rank=1).solve(bound, SquaredL2(alpha=0.0)).coef.round(4) + 0
    array([[4., 0.],
           [0., 0.]])
    """

    rank: int = 2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Solver.parameter_constraints,
        "rank": Interval(int, 1),
    }

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the loss is not squared, the penalty another, or the features are too many."""
        if not isinstance(bound, SquaredBound):
            return f"ReducedRank needs squared errors. Got {type(bound.datafit).__name__}."
        if not isinstance(penalty, SquaredL2):
            return f"ReducedRank needs SquaredL2. Got {type(penalty).__name__}."
        if not bound.rows.common and bound.shape[1] > _MOST_FEATURES:
            return (
                f"ReducedRank needs at most {_MOST_FEATURES} features where tasks have different rows. Got "
                f"{bound.shape[1]}."
            )
        return None

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """By the closed form, or from there by steps on factors."""
        squared: Any = bound
        alpha, intercept = penalty.alpha, squared.mean
        if self.rank >= min(bound.shape):
            return ClosedForm(self.tol, self.max_iter).minimize(bound, penalty, start)
        whitened = _Whitened.of(squared, alpha)
        if bound.rows.common:
            left, right = whitened.factors(squared.cross @ whitened.back, self.rank)
            coef = left @ right @ whitened.back.T
            return Solution(coef, intercept, 1, 0.0, "exact", converged=True)
        if start is None:
            start = ClosedForm(self.tol, self.max_iter).minimize(bound, penalty, None)
        factors = whitened.factors(start.coef @ whitened.to, self.rank)
        return _descend(squared, alpha, whitened, factors, self)


class _Whitened(NamedTuple):
    r"""Coefficients :math:`\tilde W = W (\bar G + \alpha I)^{1/2}` in the span of the rows.

    Attributes
    ----------
    to, back : array of shape (n_features, q)
        :math:`\tilde W = W\,\mathtt{to}` and :math:`W = \tilde W\,\mathtt{back}^\top`.
    """

    to: np.ndarray
    back: np.ndarray

    @classmethod
    def of(cls, bound: SquaredBound, alpha: float) -> _Whitened:
        if bound.rows.common:
            values, axes = bound.spectrum
        else:
            values, axes = np.linalg.eigh(mean_products(bound))
            kept = values > _ROUNDING * max(values[-1], 1e-300)
            values, axes = values[kept], axes[:, kept]
        roots = np.sqrt(values + alpha)
        return cls(axes * roots, axes / roots)

    @staticmethod
    def factors(matrix: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Factors of the best approximation, of equal norms."""
        left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
        roots = np.sqrt(sizes[:rank])
        return left[:, :rank] * roots, right[:rank] * roots[:, None]


def _descend(
    bound: SquaredBound,
    alpha: float,
    whitened: _Whitened,
    factors: tuple[np.ndarray, np.ndarray],
    settings: ReducedRank,
) -> Solution:
    """Minimise over both factors, in units of the labels."""
    first, second = factors
    unit = np.sqrt(max(float(bound.energy.sum()), 1e-300))
    cut = first.size

    def at(flat: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        inner = flat[:cut].reshape(first.shape) @ flat[cut:].reshape(second.shape)
        coef = unit * inner @ whitened.back.T
        value, slope, _ = bound.value_and_gradient(coef, bound.mean)
        value += 0.5 * alpha * float((coef**2).sum())
        return value / unit**2, (slope + alpha * coef) @ whitened.back / unit, coef

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope, _ = at(flat)
        left, right = flat[:cut].reshape(first.shape), flat[cut:].reshape(second.shape)
        return value, np.concatenate([(slope @ right.T).ravel(), (left.T @ slope).ravel()])

    start = np.concatenate([first.ravel(), second.ravel()]) / np.sqrt(unit)
    most = {"maxiter": settings.max_iter, "maxfun": 2 * settings.max_iter, "maxcor": _MEMORY}
    options: dict[str, Any] = {**most, "ftol": 0.0, "gtol": 1e-3 * settings.tol}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    _, slope, coef = at(found.x)
    scale = np.linalg.norm(bound.cross @ whitened.back) / unit
    gap = _along(slope, coef @ whitened.to, first.shape[1]) / max(float(scale), 1e-300)
    converged = bool(gap <= settings.tol)
    return Solution(coef, bound.mean, max(int(found.nit), 1), gap, "gradient norm", converged)


def _along(slope: np.ndarray, matrix: np.ndarray, rank: int) -> float:
    """Norm of the part of a slope along matrices of the rank of a matrix."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    left, right = left[:, :rank], right[:rank]
    outside = slope - left @ (left.T @ slope)
    outside = outside - (outside @ right.T) @ right
    return float(np.linalg.norm(slope - outside))
