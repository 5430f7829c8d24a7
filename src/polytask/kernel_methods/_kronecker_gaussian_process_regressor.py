"""Gaussian process regression of several tasks on complete tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64
from scipy.stats import norm
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polytask._gaussian import (
    STATIONARY_KERNELS,
    Decomposition,
    Layout,
    Likelihood,
    kernel_bounds,
    kernel_of_scales,
    log_spread,
    maximise,
    noise_bounds,
    principal_factor,
    warn_unless_converged,
)
from polytask._validation import message
from polytask.constraints import Choice, Constraint, InstanceOf, Interval, check_parameters
from polytask.estimators._checked_rows import checked
from polytask.exceptions import ParameterError

__all__ = ["KroneckerGaussianProcessRegressor"]


class KroneckerGaussianProcessRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Gaussian process regression of tasks that share complete rows, with a learned covariance of tasks (ICM).

    .. math:: y_{ik} = m_k + f_k(x_i) + \varepsilon_{ik}, \qquad
        \operatorname{cov}\big(f_k(x), f_l(x')\big) = B_{kl}\, k(x, x'), \qquad
        \varepsilon_{ik} \sim N(0, \sigma_k^2)

    with :math:`B = F F^\top + \operatorname{diag}(\kappa)`. Length scales of k, the factor F of shape (n_tasks, rank),
    the tasks' own variances :math:`\kappa` and the variance of each task's noise maximise the marginal likelihood.
    The labels of each task are standardised first; the means m are theirs.

    Every row has a label of every task, and rows have no weights. Tables of `polytask.compare` may have gaps, so that
    this is none of its learners: `polytask.gaussian_processes.ICMRegressor` learns the same model of any rows.

    Parameters
    ----------
    rank : int, default 2
        Columns of the factor; at most n_tasks are used.
    kernel : {"rbf", "matern12", "matern32", "matern52"}, default "rbf"
        Kernel k of rows: Gaussian, or Matérn of smoothness 1/2, 3/2 or 5/2.
    ard : bool, default False
        Whether each feature has a length scale of its own; by default all have one.
    restarts : int, default 1
        Starting points of the optimiser, with random length scales from the second on; the best is kept.
    max_iter : int, default 200
        Largest number of steps of the optimiser (L-BFGS) from each start.
    random_state : int, default 0
        Seed of the starting points.

    Attributes
    ----------
    length_scale_ : array of shape (1,) or (n_features,)
        In units of the features.
    task_covariance_ : array of shape (n_tasks, n_tasks)
        B, in units of the labels.
    noise_ : array of shape (n_tasks,)
        Standard deviation of the noise, in units of the labels.
    log_likelihood_ : float
        Log marginal likelihood of the standardised labels.
    support_vectors_ : array of shape (n, n_features)
        The rows.
    dual_coef_ : array of shape (n, n_tasks)
        Coefficients of kernels.
    intercept_ : array of shape (n_tasks,)
        Means of the labels.
    n_iter_ : int
        Steps of the optimiser.
    tasks_ : array of shape (n_tasks,)
        Names of the columns of labels, or numbers from 0.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If labels are missing, or do not fit the rows.

    Notes
    -----
    The eigenvectors of both kernels give the likelihood and its gradient in :math:`O(n^3 + n^2 T + T^3)` where one
    Cholesky factor of all labels takes :math:`O(n^3 T^3)`. Bonilla et al. maximise in turn by EM; here all
    hyper-parameters move together, by L-BFGS. Standard deviations take them as known, so that intervals of few rows are too
    short; those of `ICMRegressor` are not. `MultiTaskKernelRidge` learns from rows of one task each,
    missing labels and weighted rows.

    References
    ----------
    Bonilla, Chai and Williams, "Multi-task Gaussian process prediction", NeurIPS 2007.
    Rakitsch, Lippert, Borgwardt and Stegle, "It is all in the noise: efficient multi-task Gaussian process
    inference with structured residuals", NeurIPS 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import KroneckerGaussianProcessRegressor
    >>> X = np.linspace(0, 6, 30)[:, None]
    >>> Y = np.hstack([np.sin(X), np.sin(X) + 0.5 * np.cos(X)])
    >>> model = KroneckerGaussianProcessRegressor().fit(X, Y)
    >>> mean, std = model.predict([[1.0], [9.0]], return_std=True)
    >>> mean[0].round(2), bool((std[1] > 10 * std[0]).all())
    (array([0.84, 1.11]), True)
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "rank": Interval(int, 1),
        "kernel": Choice(STATIONARY_KERNELS),
        "ard": InstanceOf((bool,)),
        "restarts": Interval(int, 1),
        "max_iter": Interval(int, 1),
        "random_state": Interval(int, 0),
    }

    length_scale_: Float64[np.ndarray, " scales"]
    task_covariance_: Float64[np.ndarray, "tasks tasks"]
    noise_: Float64[np.ndarray, " tasks"]
    log_likelihood_: float
    support_vectors_: Float64[np.ndarray, "n features"]
    dual_coef_: Float64[np.ndarray, "n tasks"]
    intercept_: Float64[np.ndarray, " tasks"]
    n_iter_: int
    _spread: Float64[np.ndarray, " tasks"]
    _vectors: Float64[np.ndarray, "n n"]
    _sizes: Float64[np.ndarray, " tasks"]
    _spectrum: Float64[np.ndarray, "n tasks"]
    _shares: Float64[np.ndarray, "tasks tasks"]

    def __init__(
        self,
        rank: int = 2,
        *,
        kernel: str = "rbf",
        ard: bool = False,
        restarts: int = 1,
        max_iter: int = 200,
        random_state: int = 0,
    ) -> None:
        self.rank = rank
        self.kernel = kernel
        self.ard = ard
        self.restarts = restarts
        self.max_iter = max_iter
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """It learns from labels."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, X: Any, y: Any) -> KroneckerGaussianProcessRegressor:
        """Maximise the marginal likelihood, and keep what predictions need.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features)
        y : array or data frame of shape (n, n_tasks) or (n,)
            Labels without gaps.
        """
        check_parameters(self)
        name = type(self).__name__
        columns = getattr(y, "columns", None)
        with checked(name):
            X, labels = validate_data(
                self, X, y, multi_output=True, y_numeric=True, dtype=np.float64
            )
        self._one = labels.ndim == 1
        labels = labels.reshape(len(X), -1).astype(float)
        self.n_tasks_ = labels.shape[1]
        names = np.arange(self.n_tasks_) if columns is None else np.array([*map(str, columns)])
        self.tasks_ = names
        self.intercept_, spread = labels.mean(axis=0), labels.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        unit = (labels - self.intercept_) / self._spread
        layout = Layout(X.shape[1] if self.ard else 1, self.n_tasks_, min(self.rank, self.n_tasks_))
        self.support_vectors_ = X.copy()
        self._keep(self._maximise(unit, layout), layout, unit)
        return self

    def _maximise(self, unit: np.ndarray, layout: Layout) -> np.ndarray:
        """The best hyper-parameters of all starts."""
        likelihood = Likelihood(self.support_vectors_, unit, self.kernel)
        generator = np.random.default_rng(self.random_state)
        starts = [
            self._start(unit, layout, generator if start else None)
            for start in range(self.restarts)
        ]
        typical = log_spread(self.support_vectors_, layout.n_scales)
        bounds = kernel_bounds(typical, layout.n_tasks, layout.rank) + noise_bounds(layout.n_tasks)
        found = maximise(lambda vector: likelihood(vector, layout), starts, bounds, self.max_iter)
        self.log_likelihood_, self.n_iter_ = found.value, max(1, found.n_iter)
        warn_unless_converged(type(self).__name__, found, self.max_iter)
        return found.vector

    def _start(
        self, unit: np.ndarray, layout: Layout, generator: np.random.Generator | None
    ) -> np.ndarray:
        """Spread of the inputs as length scale, principal axes of the labels as factor."""
        scales = log_spread(self.support_vectors_, layout.n_scales)
        if generator is not None:
            scales = scales + generator.normal(size=layout.n_scales)
        factor = principal_factor(unit.T @ unit / len(unit), layout.rank)
        own = np.full(layout.n_tasks, np.log(0.1))
        return np.concatenate([scales, factor.ravel(), own, own])

    def _keep(self, vector: np.ndarray, layout: Layout, unit: np.ndarray) -> None:
        """Fitted attributes, and the decompositions that standard deviations need."""
        scales, _, _, noise = layout.split(vector)
        self.length_scale_ = np.exp(scales)
        covariance = layout.covariance(vector)
        self.task_covariance_ = covariance * np.outer(self._spread, self._spread)
        self.noise_ = np.exp(0.5 * noise) * self._spread
        kernel = kernel_of_scales(self.support_vectors_, self.support_vectors_, scales, self.kernel)
        parts = Decomposition.of(kernel, covariance, noise)
        self._vectors, self._sizes, self._spectrum = parts.vectors, parts.sizes, parts.spectrum
        self._shares = np.square(parts.axes * np.exp(noise)[:, None])
        self.dual_coef_ = parts.dual(unit) @ covariance * self._spread

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Means and, with `return_std`, standard deviations of new labels.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features)
        return_std : bool, default False
            Whether to return standard deviations as well, noise included.

        Returns
        -------
        array of shape (n, n_tasks) or (n,), or two of them
        """
        check_is_fitted(self)
        with checked(type(self).__name__):
            X = validate_data(self, X, dtype=np.float64, reset=False)
        kernel = kernel_of_scales(X, self.support_vectors_, np.log(self.length_scale_), self.kernel)
        mean = kernel @ self.dual_coef_ + self.intercept_
        mean = mean[:, 0] if self._one else mean
        if not return_std:
            return mean
        known = np.square(kernel @ self._vectors) @ (self._sizes**2 / self._spectrum)
        variance = (self._sizes - known) @ self._shares.T * self._spread**2
        std = np.sqrt(np.maximum(variance, 0.0) + self.noise_**2)
        return mean, std[:, 0] if self._one else std

    def predict_interval(
        self, X: Any, coverage: float = 0.95
    ) -> tuple[Float64[np.ndarray, "..."], Float64[np.ndarray, "..."]]:
        """Ends of intervals that hold new labels with a probability, given the hyper-parameters.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features)
        coverage : float in (0, 1), default 0.95

        Returns
        -------
        two arrays of shape (n, n_tasks) or (n,)
            Lower and upper ends.
        """
        if not 0 < coverage < 1:
            sentence = message(type(self).__name__, "coverage", "a number in (0, 1)", coverage)
            raise ParameterError(sentence)
        mean, std = self.predict(X, return_std=True)
        reach = std * norm.ppf(0.5 + coverage / 2)
        return mean - reach, mean + reach
