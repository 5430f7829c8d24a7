"""Ridge regression of all tasks together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from polytask.constraints import Choice, Constraint, InstanceOf, Interval
from polytask.datafits import Bound, Squared, TaskRows
from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import Penalty, SquaredL2
from polytask.solvers import Solution

__all__ = ["PooledRidgeRegressor"]


class PooledRidgeRegressor(MultiTaskRegressor, PenalizedEstimator):
    r"""One ridge regression for all tasks: the baseline that shares everything.

    .. math:: \min_{w, b}\ \frac{1}{2 n} \sum_k \sum_i (y_{ik} - x_i^\top w - b_k)^2
        + \frac{\alpha}{2} \|w\|^2

    over all n labels, each of which weighs the same.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; 0 gives least squares, of the least norm.
    common_intercept : bool, default False
        Whether tasks have the same intercept, too.
    unknown_tasks : {"error", "mean"}, default "error"
        Whether `predict` refuses a task that was not learned, or answers by the shared coefficients and the mean of
        the intercepts.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        The same row for each task, in units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    n_iter_ : int
        1.
    residual_ : float
        Norm of what the normal equations miss, relative to that of their right-hand sides.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    scikit-learn's ``Ridge`` has the strength :math:`n \alpha`. The time is in n_features³.

    References
    ----------
    Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 1970.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import PooledRidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> Y = X @ np.array([[1.0, 1.0], [-1.0, -1.0]]) + [0.0, 5.0]
    >>> PooledRidgeRegressor(alpha=1e-6).fit(X, Y).intercept_.round(3) + 0
    array([0., 5.])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0),
        "common_intercept": InstanceOf((bool,)),
        "unknown_tasks": Choice(("error", "mean")),
    }
    fit_intercept = True
    tol, max_iter = 1e-6, 1

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        common_intercept: bool = False,
        unknown_tasks: Literal["error", "mean"] = "error",
    ) -> None:
        self.alpha = alpha
        self.common_intercept = common_intercept
        self.unknown_tasks = unknown_tasks

    def of_unknown(self) -> tuple[np.ndarray, np.ndarray]:
        """The shared coefficients, and the mean of the intercepts."""
        return self.coef_[:1], self.intercept_.mean(keepdims=True)

    def datafit(self) -> Squared:
        """The squared error."""
        return Squared()

    def penalty(self) -> Penalty:
        """`SquaredL2`, of the coefficients that all tasks share."""
        return SquaredL2(self.strength)

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Solve the normal equations of all labels."""
        del start
        squared: Any = bound
        rows = bound.rows
        shares = rows.counts / (rows.counts * rows.mass).sum()
        products = _pooled_products(rows, shares)
        cross, levels = shares @ squared.cross, squared.mean + rows.level
        weights = shares * rows.mass
        away = rows.means - weights @ rows.means
        if self.common_intercept:
            products += (away * weights[:, None]).T @ away
            cross = cross + (weights * (levels - weights @ levels)) @ away
        shared = _solved(products, cross, self.strength)
        missed = products @ shared + self.strength * shared - cross
        gap = float(np.linalg.norm(missed)) / max(float(np.linalg.norm(cross)), 1e-300)
        intercept = squared.mean
        if self.common_intercept:  # less those of each task's own means
            intercept = weights @ levels + away @ shared - rows.level
        return Solution(np.tile(shared, (rows.n_tasks, 1)), intercept, 1, gap, "exact", True)


def _pooled_products(rows: TaskRows, shares: np.ndarray) -> np.ndarray:
    """Products of centred features, of all labels."""
    products = np.zeros((rows.n_features, rows.n_features))
    for tasks, X in rows.blocks():
        roots = np.sqrt(shares[tasks] if len(X) > 1 else shares[tasks].sum())
        stacked = (X * np.reshape(roots, (-1, 1, 1))).reshape(-1, rows.n_features)
        products += stacked.T @ stacked
    return products


def _solved(products: np.ndarray, cross: np.ndarray, alpha: float) -> np.ndarray:
    """The least-norm solution of the regularised normal equations."""
    values, axes = np.linalg.eigh(products)
    kept = values > np.finfo(float).eps * len(values) * max(values[-1], 1e-300)
    along = axes[:, kept].T @ cross / (values[kept] + alpha)
    return np.asarray(axes[:, kept] @ along)
