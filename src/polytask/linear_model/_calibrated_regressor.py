"""Regression whose strength does not depend on the noise of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from polytask.constraints import Choice, Constraint, Interval
from polytask.datafits import Bound, CalibratedBound, Squared, TaskRows
from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._feature_selection import FeatureSelection
from polytask.linear_model._low_rank import LowRank
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import L21, Penalty, TraceNorm
from polytask.ranges import Choices, Range, SearchRange
from polytask.solvers import NoiseLevels, Solution, Solver

__all__ = ["CalibratedRegressor"]


class CalibratedRegressor(MultiTaskRegressor, FeatureSelection, LowRank):
    r"""Regression whose strength need not know the noise of each task (calibrated multivariate regression).

    .. math:: \min_{W, b}\ \sum_k \Big(\frac{1}{n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2\Big)^{1/2}
        + \alpha\,\Omega(W)

    with the coefficients W, (n_tasks, n_features), the :math:`n_k` labelled rows of task k, and
    :math:`\Omega(W) = \sum_j \|W_{:j}\|_2` or the sum of the singular values of W. The gradient of the first term is
    that of squared errors divided by the noise of the task. So tasks of much noise, or in larger units, are not
    fitted more closely than others, and one strength suits all.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty, without unit if features have none; from `alpha_max` of the data on, all
        coefficients are 0. For standardised features of n shared rows, noise alone stays below about
        :math:`(\sqrt{n_\text{tasks}} + \sqrt{2 \log n_\text{features}}) / \sqrt n` (l21), and lies near
        :math:`(\sqrt{n_\text{tasks}} + \sqrt{n_\text{features}}) / \sqrt n` (trace norm).
    norm : {"l21", "trace_norm"}, default "l21"
        :math:`\Omega`: features that all tasks use or none, or tasks in a common subspace.
    least_noise : float in (0, 1), default 0.001
        Share of a task's standard deviation below which its root mean squared error is squared. It bounds how
        much a task that is fitted exactly counts.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of squared problems that are solved.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    noise_ : array of shape (n_tasks,)
        Root mean squared errors of training rows, in units of labels; at least those of `least_noise`.
    support_ : array of shape (n_features,), bool
        Features that are used.
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    n_iter_ : int
        Squared problems that were solved.
    dual_gap_ : float
        Relative duality gap at the end.
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
    The paper divides residuals by :math:`\sqrt{n}` in its theory alone, and smooths the norm of residuals with a
    parameter of its algorithm; here it is smoothed below `least_noise` as in Ndiaye et al. The solver is
    `NoiseLevels`.

    References
    ----------
    Liu, Wang and Zhao, "Multivariate regression with calibration", NeurIPS 2014.
    Ndiaye, Fercoq, Gramfort, Leclère and Salmon, "Efficient smoothed concomitant lasso estimation for high
    dimensional regression", Journal of Physics: Conference Series 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import CalibratedRegressor
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(100, 5))
    >>> Y = X[:, :1] * [1.0, 100.0] + random.normal(size=(100, 2)) * [0.5, 50.0]
    >>> model = CalibratedRegressor(alpha=0.3).fit(X, Y)
    >>> model.support_
    array([ True, False, False, False, False])
    >>> model.noise_.round(1)
    array([ 0.5, 49.6])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **{k: v for k, v in PenalizedEstimator.parameter_constraints.items() if k != "loss"},
        "norm": Choice(("l21", "trace_norm")),
        "least_noise": Interval(float, 0.0, 1.0, closed="neither"),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(1e-3, 10.0, log=True, default=0.1, values=(0.03, 0.3, 0.01, 1.0)),
        "norm": Choices(("l21", "trace_norm"), "l21"),
    }

    noise_: np.ndarray

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        norm: Literal["l21", "trace_norm"] = "l21",
        least_noise: float = 1e-3,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        self.alpha = alpha
        self.norm = norm
        self.least_noise = least_noise
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def datafit(self) -> Squared:
        """The squared error, whose root mean is taken by `bind`."""
        return Squared()

    def penalty(self) -> Penalty:
        """`L21` or `TraceNorm`."""
        return L21(self.strength) if self.norm == "l21" else TraceNorm(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """`NoiseLevels`."""
        return (NoiseLevels(self.tol, self.max_iter),)

    def bind(self, rows: TaskRows) -> Bound:
        """Root mean squared errors on rows."""
        squared: Any = super().bind(rows)
        spread = np.sqrt(squared.energy / rows.mass)
        usual = float(spread.mean()) or 1.0  # of constant labels, which the floor must not weigh
        return CalibratedBound(squared, self.least_noise * np.where(spread > 0, spread, usual))

    def judged(self, losses: np.ndarray) -> np.ndarray:
        """Root mean squared errors."""
        return np.asarray(np.sqrt(2 * losses))

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the noise of tasks, too."""
        super().keep(bound, solution)
        calibrated: Any = bound
        self.noise_ = calibrated.noise(solution.coef, solution.intercept)
