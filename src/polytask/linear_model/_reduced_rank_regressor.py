"""Regression with coefficients of a bounded rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from polytask.constraints import Constraint, Interval
from polytask.datafits import Squared
from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._low_rank import LowRank
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import Penalty, SquaredL2
from polytask.ranges import Range, SearchRange
from polytask.solvers import ReducedRank, Solver

__all__ = ["ReducedRankRegressor"]


class ReducedRankRegressor(MultiTaskRegressor, LowRank):
    r"""Ridge regression of tasks that are combinations of a few directions of features.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \|W\|_F^2, \qquad \operatorname{rank} W \le r

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k. The number of
    directions is given; `TraceNormRegressor` finds one.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; 0 is reduced-rank least squares.
    rank : int, default 2
        Largest rank r of W; from that of all coefficients on it is ridge regression of each task.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Norm of the gradient along matrices of rank r, relative to that at zero, at which the solver stops where tasks
        have different rows or weights; else the answer is exact.
    max_iter : int, default 10000
        Largest number of steps of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    n_iter_ : int
        Steps; 1 of the closed form.
    residual_ : float
        Relative norm of the gradient at the end; 0 of the closed form.
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
    Errors of all tasks weigh alike, which is Izenman's method with the identity for the matrix of weights;
    labels of different units should be scaled before. Where labels are missing, rows belong to tasks, or
    weights differ between tasks, the problem has no closed form; the answer is then a stationary point near the
    best approximation of ridge regressions. The solver is `ReducedRank`.

    References
    ----------
    Izenman, "Reduced-rank regression for the multivariate linear model", Journal of Multivariate Analysis 1975.
    Mukherjee and Zhu, "Reduced rank ridge regression and its kernel extensions", Statistical Analysis and Data
    Mining 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ReducedRankRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :1] @ np.array([[1.0, 2.0, 0.5]])
    >>> model = ReducedRankRegressor(alpha=1e-6, rank=1).fit(X, Y)
    >>> model.coef_.round(3) + 0
    array([[1. , 0. , 0. , 0. ],
           [2. , 0. , 0. , 0. ],
           [0.5, 0. , 0. , 0. ]])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **{k: v for k, v in PenalizedEstimator.parameter_constraints.items() if k != "loss"},
        "rank": Interval(int, 1),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **PenalizedEstimator.search_ranges,
        "rank": Range(1, 20, default=2, values=(1, 3, 5), integer=True),
    }

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        rank: int = 2,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        self.alpha = alpha
        self.rank = rank
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def datafit(self) -> Squared:
        """The squared error."""
        return Squared()

    def penalty(self) -> Penalty:
        """`SquaredL2`."""
        return SquaredL2(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """`ReducedRank`."""
        return (ReducedRank(self.tol, self.max_iter, self.rank),)
