"""Regression with coefficients of tasks from a common distribution."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from polytask.constraints import Choice, Constraint, InstanceOf, Interval, Optional
from polytask.datafits import TaskRows, rows_of
from polytask.estimators import MultiTaskRegressor, TaskTable
from polytask.linear_model._empirical_bayes import OF_MEAN, Estimate, Sums, estimate
from polytask.linear_model._independent_ridge_regressor import IndependentRidgeRegressor
from polytask.linear_model._label_counts import label_counts, task_counts
from polytask.linear_model._linear_estimator import LinearEstimator

__all__ = ["HierarchicalRegressor"]


class HierarchicalRegressor(MultiTaskRegressor, LinearEstimator):
    r"""Hierarchical linear regression by empirical Bayes.

    .. math:: (w_k, b_k) \sim N(\mu, \Sigma), \qquad y_{ik} \sim N(x_i^\top w_k + b_k,\ \sigma^2)

    The common mean and covariance of the tasks' coefficients and intercepts and the variance of noise
    maximise the restricted likelihood of all labels (REML). There is no strength to choose: a task
    with few rows is drawn to the others as much as the tasks' differences and the noise say. Predictions have
    standard deviations, and tasks without rows are predicted by the prior.

    Parameters
    ----------
    prior_tasks : float in [0, inf), optional
        Weight of the assumption that coefficients are independent: as if so many further tasks had been
        seen, whose covariance is diagonal, with the variances that fit best. The number of coefficients of
        a task by default. 0 leaves it out; large values make Σ diagonal.
    unknown_tasks : {"error", "prior"}, default "error"
        Whether `predict` refuses a task that was not learned, or answers by the prior.
    fit_intercept : bool, default True
        Whether tasks have intercepts, which belong to the common distribution.
    tol : float in (0, inf), default 1e-3
        Relative change of Σ and σ² in a step of expectation maximisation, at which it stops.
    max_iter : int, default 1000
        Largest number of extrapolated steps.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        Posterior means, in units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    coef_covariance_ : array of shape (n_tasks, n_features + 1, n_features + 1)
        Posterior covariance of coefficients and, last, the intercept, with the uncertainty of μ.
    prior_mean_ : array of shape (n_features + 1,)
        μ, the intercept last.
    prior_covariance_ : array of shape (n_features + 1, n_features + 1)
        Σ.
    noise_ : float
        σ, in units of labels.
    n_iter_ : int
        Extrapolated steps, each of two steps of expectation maximisation.
    residual_ : float
        Relative change of Σ and σ² in the last step.
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
    The mean μ has a prior of deviation 10 in units of standardised inputs and labels, so that directions
    that no row has are 0. The prior of Σ is :math:`-n_0 \min_D \mathrm{KL}(N(0, D) \| N(0, \Sigma))` over diagonal D, for inputs at
    their mean over all rows; of collinear inputs, for orthogonal directions of them. A row of weight 2 counts as two rows. A step takes time in n_tasks · n_features³. Standard deviations are those of a new label; they leave out that Σ and σ
    are estimated.

    References
    ----------
    Lindley and Smith, "Bayes estimates for the linear model", Journal of the Royal Statistical Society B 1972.
    Laird and Ware, "Random-effects models for longitudinal data", Biometrics 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import HierarchicalRegressor
    >>> random = np.random.default_rng(0)
    >>> tasks = np.repeat(np.arange(20), 10)
    >>> X = random.normal(size=(200, 2))
    >>> coef = np.array([2.0, -1.0]) + 0.5 * random.normal(size=(20, 2))
    >>> y = (X * coef[tasks]).sum(axis=1) + random.normal(size=200)
    >>> model = HierarchicalRegressor(unknown_tasks="prior").fit(X, y, tasks=tasks)
    >>> model.prior_mean_.round(1) + 0, round(model.noise_, 1)
    (array([ 2.1, -0.9,  0. ]), 1.0)
    >>> mean, std = model.predict(X[:2], tasks=[0, 99], return_std=True)
    >>> std.shape
    (2,)
    """

    weights_count_rows: ClassVar[bool] = True
    coef_covariance_: Float64[np.ndarray, "tasks q q"]
    prior_mean_: Float64[np.ndarray, " q"]
    prior_covariance_: Float64[np.ndarray, "q q"]

    model_name: ClassVar[str] = "empirical_bayes"  # `Hierarchical` is an architecture
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "prior_tasks": Optional(Interval(float, 0.0)),
        "unknown_tasks": Choice(("error", "prior")),
        "fit_intercept": InstanceOf((bool,)),
        "tol": Interval(float, 0.0, closed="neither"),
        "max_iter": Interval(int, 1),
    }

    def __init__(
        self,
        *,
        prior_tasks: float | None = None,
        unknown_tasks: Literal["error", "prior"] = "error",
        fit_intercept: bool = True,
        tol: float = 1e-3,
        max_iter: int = 1000,
    ) -> None:
        self.prior_tasks = prior_tasks
        self.unknown_tasks = unknown_tasks
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def alone(self) -> IndependentRidgeRegressor:
        """A ridge regression, whose strength is searched: one task says nothing of what tasks share."""
        return IndependentRidgeRegressor(fit_intercept=self.fit_intercept)

    def learn(self, table: TaskTable) -> None:
        """Estimate the prior and the noise on standardised inputs and labels."""
        counts = label_counts(table)
        of_rows = counts if counts.ndim == 1 else counts.sum(axis=1)
        X, back = _standardised(table.X, of_rows, self.fit_intercept)
        known, weights = table.labels[counts > 0], counts[counts > 0]
        level = float(np.average(known, weights=weights)) if self.fit_intercept else 0.0
        size = float(np.sqrt(np.average((known - level) ** 2, weights=weights))) or 1.0
        scaled = replace(table, X=X, labels=(table.labels - level) / size)
        rows = rows_of(scaled, fit_intercept=False)
        sums = _sums(rows, task_counts(table), self.fit_intercept)
        if sparse.issparse(X) and self.fit_intercept:
            sums = _centred(sums, back[-1, :-1])
        prior_tasks = float(len(back)) if self.prior_tasks is None else self.prior_tasks
        basis, rest = _directions(sums)
        if rest.shape[1]:
            sums = sums._replace(products=basis.T @ sums.products @ basis, cross=sums.cross @ basis)
        found = estimate(sums, prior_tasks, self.tol, self.max_iter)
        self._keep(found, size * back @ basis, size * back @ rest, level, size)
        if found.residual > self.tol:
            sentence = (
                f"HierarchicalRegressor stopped after {found.n_iter} steps at a relative change of "
                f"{found.residual:.2g}, above tol={self.tol:g}. Raise `max_iter` or `tol`."
            )
            warnings.warn(sentence, ConvergenceWarning, stacklevel=3)

    def _keep(
        self, found: Estimate, back: np.ndarray, rest: np.ndarray, level: float, size: float
    ) -> None:
        """Set the fitted attributes, in the units of the inputs and labels as they came."""
        posterior, n_tasks = found.posterior, self.n_tasks_
        shift = np.zeros(self.n_features_in_ + 1)
        shift[-1] = level
        absent = ((0, len(shift) - len(back)), (0, 0))  # the row of intercepts where there are none
        whole, unseen = np.pad(back, absent), np.pad(rest, absent)
        unknown = unseen @ unseen.T / OF_MEAN
        means = posterior.mean @ whole.T + shift
        self.coef_, self.intercept_ = means[:, :-1], means[:, -1]
        self.prior_mean_ = whole @ posterior.prior_mean + shift
        self.prior_covariance_ = whole @ found.covariance @ whole.T
        each = whole @ posterior.covariance @ whole.T + unknown
        self.coef_covariance_ = np.broadcast_to(each, (n_tasks, *each.shape[1:])).copy()
        self._of_new = self.prior_covariance_ + whole @ posterior.of_prior_mean @ whole.T
        self._of_new += unknown
        self.noise_ = float(size * np.sqrt(found.noise))
        self.n_iter_, self.residual_ = found.n_iter, found.residual

    def of_unknown(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the prior."""
        return self.prior_mean_[None, :-1], self.prior_mean_[-1:]

    def predict(self, X: Any, *, tasks: Any = None, return_std: bool = False) -> Any:
        """Predicted numbers.

        Parameters
        ----------
        X : array, sparse array or data frame of shape (n, n_features)
        tasks : array of shape (n,), optional
            The id of each row's task; by default every row is predicted for all tasks.
        return_std : bool, default False
            Whether to return standard deviations of new labels, too.

        Returns
        -------
        array of shape (n,) or (n, n_tasks)
            (n,) of a single task, or with `tasks`.
        array of the same shape
            Only with `return_std`.

        Raises
        ------
        UnknownNameError
            If a task was not learned, unless ``unknown_tasks="prior"``.
        """
        predicted = super().predict(X, tasks=tasks)
        if not return_std:
            return predicted
        X, task = self._checked(X, tasks)
        dense = X.toarray() if sparse.issparse(X) else X
        inputs = np.hstack([dense, np.ones((len(dense), 1))])
        variances = np.empty(predicted.shape)
        for k, covariance in enumerate([*self.coef_covariance_, self._of_new]):
            rows: Any = slice(None) if task is None else np.flatnonzero(task == k)
            spread = np.einsum("np,pq,nq->n", inputs[rows], covariance, inputs[rows], optimize=True)
            if task is not None:
                variances[rows] = spread
            elif k < self.n_tasks_:
                variances.reshape(len(dense), -1)[:, k] = spread
        return predicted, np.sqrt(variances + self.noise_**2)


def _standardised(
    X: Any, counts: Float64[np.ndarray, " n"], intercept: bool
) -> tuple[Any, Float64[np.ndarray, "q q"]]:
    """Inputs of deviation 1, dense ones of mean 0, and what takes centred their coefficients to those of X."""
    share = counts / counts.sum()
    mean = np.asarray(share @ X).ravel()
    if sparse.issparse(X):
        variance = np.asarray(share @ X.multiply(X).tocsr()).ravel() - mean**2
    else:
        variance = share @ (X - mean) ** 2
    # What rounding leaves of constant inputs counts as no variance.
    deviation = np.where(variance > 1e-14 * mean**2, np.sqrt(np.maximum(variance, 0.0)), 1.0)
    if not intercept:
        return X / deviation, np.diag(1 / deviation)
    back = np.diag(np.append(1 / deviation, 1.0))
    back[-1, :-1] = -mean / deviation
    if sparse.issparse(X):
        return sparse.csr_array(X / deviation), back
    return (X - mean) / deviation, back


def _sums(rows: TaskRows, n_rows: Float64[np.ndarray, " tasks"], intercept: bool) -> Sums:
    """Sums over the rows of each task, with a last input of ones for the intercept."""
    products, counts = rows.gram(), n_rows[:, None, None]
    products = (products[None] * counts[:1]) if products.ndim == 2 else products * counts
    cross = rows.pull(rows.weights * rows.labels) * n_rows[:, None]
    energy = rows.totals(rows.weights * rows.labels**2) * n_rows
    if not intercept:
        return Sums(products, cross, energy, n_rows)
    n_distinct, p = products.shape[:2]
    wide = np.empty((n_distinct, p + 1, p + 1))
    wide[:, :p, :p] = products
    wide[:, p, :p] = (rows.pull(rows.weights) * n_rows[:, None])[:n_distinct]
    wide[:, :p, p] = wide[:, p, :p]
    wide[:, p, p] = (rows.mass * n_rows)[:n_distinct]
    last = rows.totals(rows.weights * rows.labels) * n_rows
    return Sums(wide, np.hstack([cross, last[:, None]]), energy, n_rows)


def _centred(sums: Sums, shift: Float64[np.ndarray, " p"]) -> Sums:
    """Sums of inputs plus a shift, which sparse inputs would not stay sparse with."""
    move = np.eye(len(shift) + 1)
    move[-1, :-1] = shift
    return sums._replace(products=move.T @ sums.products @ move, cross=sums.cross @ move)


def _directions(sums: Sums) -> tuple[np.ndarray, np.ndarray]:
    """A basis of the directions of inputs that some row has, and one of the others.

    The first is the identity where no direction is missing.
    """
    values, axes = np.linalg.eigh(sums.products.sum(axis=0))
    missing = values <= 1e-10 * values[-1]
    if not missing.any():
        return np.eye(len(values)), axes[:, :0]
    return axes[:, ~missing], axes[:, missing]
