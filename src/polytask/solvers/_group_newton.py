"""Newton's method for joint feature selection with squared errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from polytask.datafits import Bound, SquaredBound
from polytask.penalties import Penalty
from polytask.solvers._feature_sets import widened
from polytask.solvers._norm_equations import solve_norms
from polytask.solvers._norm_forms import ByProducts, ByRows, NormForm
from polytask.solvers._residual_descent import descend, pays
from polytask.solvers._solution import Solution
from polytask.solvers._solver import Solver

__all__ = ["GroupNewton"]

_FEWEST = 30
"""Features that are added at least, if so many violate optimality."""
_STEPS = 24
"""Steps on the first working set in the time of the gradients of all features, by multiplications."""
_GROWTH = 3
"""Features that are added, per feature in use."""
_SHARE = 0.1
"""Of the duality gap, down to which a set is solved that lacks features that violate optimality."""
_INSIDE = 0.3
"""Of the tolerance, down to which other sets are solved."""


@dataclass(frozen=True)
class GroupNewton(Solver):
    r"""Working sets of features, each solved by Newton's method on the norms of features.

    .. math:: \min_W\ \sum_k \tfrac12 \|y_k - \tilde X_k w_k\|^2_{\omega_k} + \alpha \sum_j \|W_{:j}\|

    A working set holds the features in use and those that violate optimality most. On it, the problem
    has one unknown per feature, the norm of its coefficients over all tasks, whatever the number of
    tasks (`solve_norms`). Then the gradients of all features give the duality gap, and the next set. It
    serves shared rows and rows of each task alike.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of working sets.

    Notes
    -----
    Working sets as in Massias et al. (2018), but with a Newton method in place of coordinate descent:
    squared errors leave a convex problem in the norms alone, by the variational form of the group
    norm (Argyriou et al. 2008; Bach et al. 2012). A step takes the time of a factorisation of the
    products of the features in the set, or of the rows if these are fewer. Sets of a shared table that are
    so large that coordinate descent on the residuals is faster are solved by scikit-learn's. Sets that
    may be the last are solved to the tolerance, others to a tenth of the duality gap.

    References
    ----------
    Massias, Gramfort and Salmon, "Celer: a fast solver for the lasso with dual extrapolation", ICML 2018.
    Bach, Jenatton, Mairal and Obozinski, "Optimization with sparsity-inducing penalties", Foundations and
    Trends in Machine Learning 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.penalties import L21
    >>> from polytask.solvers import GroupNewton
    >>> X = np.eye(3)
    >>> Y = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    >>> bound = Squared().bind(SharedRows(X, Y, fit_intercept=False))
    >>> GroupNewton().solve(bound, L21(alpha=1.0)).coef.round(6) + 0
    array([[1.2, 0. , 0. ],
           [1.6, 0. , 0. ]])
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the loss is not squared, or the penalty no sum of norms."""
        if not isinstance(bound, SquaredBound):
            return f"GroupNewton needs squared errors. Got {type(bound.datafit).__name__}."
        if not penalty.sums_norms:
            return (
                f"GroupNewton needs a sum of norms of features, L21. Got {type(penalty).__name__}."
            )
        return None

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Solve working sets until the duality gap of all features is small."""
        squared: Any = bound
        return _Search(squared, penalty.alpha, self.tol, start).run(self.max_iter)


class _Search:
    """The features in use, the coefficients and the correlations with the residuals."""

    def __init__(
        self, bound: SquaredBound, alpha: float, tol: float, start: Solution | None
    ) -> None:
        self.bound, self.alpha = bound, alpha
        self.scale = bound.scale()
        self.tol, self.few = tol, self._few()
        self.coef = np.zeros(bound.shape) if start is None else start.coef.copy()
        self.left = bound.cross if start is None else bound.left(self.coef)

    def run(self, max_iter: int) -> Solution:
        gap, n_iter = self._gap(), 0
        while gap > self.tol and n_iter < max_iter:
            before = gap, np.count_nonzero(self.coef.any(axis=0))
            features, last = self._features()
            self._solve(features, max(_INSIDE * self.tol, 0.0 if last else _SHARE * gap))
            n_iter += 1
            gap = self._gap()
            if before == (gap, np.count_nonzero(self.coef.any(axis=0))):
                break  # rounding leaves nothing to gain
        converged = bool(gap <= self.tol)
        return Solution(self.coef, self.bound.mean, n_iter, gap, "duality gap", converged)

    def _features(self) -> tuple[Int[np.ndarray, " k"], bool]:
        """Those in use and those that violate optimality most, and whether the set may be the last."""
        used = np.flatnonzero(self.coef.any(axis=0))
        norms = np.linalg.norm(self.left, axis=0)
        norms[used] = 0.0
        violating = int((norms > self.alpha).sum())
        more = min(max(_FEWEST, self.few - len(used), _GROWTH * len(used)), violating)
        features = widened(used, norms, more)
        return features, more == violating or len(features) <= self.few

    def _few(self) -> int:
        """Features on which Newton steps take less than the gradients of all features."""
        rows, n_features = self.bound.rows, self.bound.shape[1]
        gradients = 2 * int(np.minimum(rows.n_rows, n_features).sum()) * n_features
        problems = 1 if rows.common else rows.n_tasks
        return max(_FEWEST, int((gradients / (2.5 * _STEPS * problems)) ** (1 / 3)))

    def _solve(self, features: Int[np.ndarray, " k"], goal: float) -> None:
        values = self._descended(features, goal)
        if values is None:
            values = self._newton(features, goal)
        used = values.any(axis=0)
        self.coef = np.zeros(self.coef.shape)
        self.coef[:, features[used]] = values[:, used]
        self.left = self.bound.left(self.coef, features[used])

    def _newton(
        self, features: Int[np.ndarray, " k"], goal: float
    ) -> Float64[np.ndarray, "tasks k"]:
        sizes = np.linalg.norm(self.coef[:, features], axis=0) / self.alpha
        energy = float(self.bound.energy.sum())
        coef = solve_norms(self._form(features), self.alpha, sizes, energy, goal * self.scale)
        values: np.ndarray = coef[0].T if len(coef) == 1 else coef[:, :, 0]
        return values

    def _descended(
        self, features: Int[np.ndarray, " k"], goal: float
    ) -> Float64[np.ndarray, "tasks k"] | None:
        """Coefficients by coordinate descent; None where that is slower, or rows are not one table."""
        n_tasks, rows = len(self.coef), self.bound.rows
        if not pays(int(rows.n_rows.max()), len(features), n_tasks):
            return None
        table = rows.roots(features)
        if table is None or len(table) != 1:
            return None
        labels = rows.roots_of_cells(self.bound.centred)[0]
        return descend(table[0], labels, self.coef[:, features], self.alpha, goal)

    def _form(self, features: Int[np.ndarray, " k"]) -> NormForm:
        """By rows if these are fewer than the features."""
        cross, rows = self.bound.cross[:, features], None
        if self.bound.rows.n_rows.max() <= len(features):
            rows = self.bound.rows.roots(features)
        if rows is not None:
            stacked = cross.T[None] if len(rows) == 1 else cross[:, :, None]
            labels = self.bound.rows.roots_of_cells(self.bound.centred)
            return ByRows(rows, labels, stacked)
        products = self.bound.products_of(features)
        if products.ndim == 2:
            return ByProducts(products[None], cross.T[None])
        return ByProducts(products, cross[:, :, None])

    def _gap(self) -> float:
        """Relative duality gap of all features."""
        product = float((self.coef * self.bound.cross).sum())
        squares = float(self.bound.energy.sum()) - product - float((self.coef * self.left).sum())
        norms = np.linalg.norm(self.left, axis=0)
        theta = min(1.0, self.alpha / max(float(norms.max(initial=0.0)), 1e-300))
        penalty = self.alpha * float(np.linalg.norm(self.coef, axis=0).sum())
        dual = theta * (float(self.bound.energy.sum()) - product) - 0.5 * theta**2 * squares
        return (0.5 * squares + penalty - dual) / self.scale
