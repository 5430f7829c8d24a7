"""Base class of Gaussian processes of several tasks."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int
from scipy.stats import t as student

from polytask._gaussian import (
    STATIONARY_KERNELS,
    Layout,
    Likelihood,
    maximise,
    warn_unless_converged,
)
from polytask._validation import message
from polytask.constraints import Choice, Constraint, InstanceOf, Interval, Optional
from polytask.estimators import MultiTaskRegressor, TaskTable
from polytask.exceptions import DataError, MissingDependencyError, ParameterError
from polytask.gaussian_processes._inducing_rows import inducing_rows
from polytask.gaussian_processes._labelled_rows import LabelledRows
from polytask.gaussian_processes._parameters import Parameters, Shape
from polytask.gaussian_processes._posterior import (
    InducingPosterior,
    JointPosterior,
    KroneckerPosterior,
)
from polytask.gaussian_processes._prior import Prior, laplace_draws
from polytask.gaussian_processes._starts import starts, typical_log_distance
from polytask.ranges import Choices, SearchRange

__all__ = ["CoregionalizedRegressor"]

_MOST = 6_000
_MISSING = (
    "{} needs GPyTorch for these labels, which is not installed. Install it: "
    "pip install 'polytask[gp]'."
)


class CoregionalizedRegressor(MultiTaskRegressor):
    r"""Predicts :math:`m_k + \sum_q \sum_i C_{qik}\, k_q(x, x_i)`, with standard deviations.

    A class defines `count_kernels`.

    Attributes
    ----------
    length_scales_ : array of shape (n_kernels, n_features)
        In units of the features.
    task_covariances_ : array of shape (n_kernels, n_tasks, n_tasks)
        Of each kernel, in units of the labels.
    task_covariance_ : array of shape (n_tasks, n_tasks)
        Their sum: the covariance of the tasks' functions in a row.
    noise_ : array of shape (n_tasks,)
        Standard deviation of the noise, in units of the labels.
    intercept_ : array of shape (n_tasks,)
        Means m.
    support_vectors_ : array of shape (n, n_features)
    dual_coef_ : array of shape (n_kernels, n, n_tasks)
    log_likelihood_ : float
        Log marginal likelihood of the standardised labels.
    n_iter_ : int
        Steps of the optimiser.
    """

    accepts_sparse: ClassVar[bool] = False
    weights_count_rows: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "rank": Interval(int, 1),
        "kernel": Choice(STATIONARY_KERNELS),
        "ard": InstanceOf((bool,)),
        "inducing": Optional(Interval(int, 1)),
        "prior": Interval(float, 0.0),
        "draws": Interval(int, 0),
        "restarts": Interval(int, 1),
        "max_iter": Interval(int, 1),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "rank": Choices((1, 2, 4)),
        "kernel": Choices(("rbf", "matern52", "matern32")),
        "ard": Choices((False, True)),
    }
    single_task_ranges: ClassVar[Mapping[str, SearchRange]] = {
        name: declared for name, declared in search_ranges.items() if name != "rank"
    }

    length_scales_: Float64[np.ndarray, "kernels features"]
    task_covariances_: Float64[np.ndarray, "kernels tasks tasks"]
    task_covariance_: Float64[np.ndarray, "tasks tasks"]
    noise_: Float64[np.ndarray, " tasks"]
    intercept_: Float64[np.ndarray, " tasks"]
    support_vectors_: Float64[np.ndarray, "n features"]
    dual_coef_: Float64[np.ndarray, "kernels n tasks"]
    log_likelihood_: float
    n_iter_: int
    _vectors: Float64[np.ndarray, "vectors parameters"]
    _shape: Int[np.ndarray, " 4"]
    _spread: Float64[np.ndarray, " tasks"]
    _features: Float64[np.ndarray, " features"]
    _count: Float64[np.ndarray, " tasks"]
    _row: Int[np.ndarray, " labels"]
    _task: Int[np.ndarray, " labels"]
    _label: Float64[np.ndarray, " labels"]
    _weight: Float64[np.ndarray, " labels"]
    _root: Float64[np.ndarray, "values values"]

    def __init__(
        self,
        rank: int = 2,
        *,
        kernel: str = "rbf",
        ard: bool = False,
        inducing: int | None = None,
        prior: float = 1.0,
        draws: int = 16,
        restarts: int = 1,
        max_iter: int = 500,
    ) -> None:
        self.rank = rank
        self.kernel = kernel
        self.ard = ard
        self.inducing = inducing
        self.prior = prior
        self.draws = draws
        self.restarts = restarts
        self.max_iter = max_iter

    @abstractmethod
    def count_kernels(self) -> int:
        """Number of kernels of rows."""

    def learn(self, table: TaskTable) -> None:
        """Maximise the likelihood times the priors, and keep what predictions need."""
        rows = LabelledRows.of(table)
        n_kernels, rank = self.count_kernels(), min(self.rank, rows.n_tasks)
        shape = Shape(n_kernels, rows.X.shape[1] if self.ard else 1, rows.n_tasks, rank)
        self._form = self._form_of(rows, n_kernels)
        typical, chosen = typical_log_distance(rows), np.arange(len(rows.X))
        if self.inducing is not None:
            chosen = inducing_rows(rows.X, typical, self.kernel, self.inducing)
        prior = Prior.of(shape, typical, self.prior)
        likelihood = self._likelihood(rows, shape, chosen)
        posterior, bounds = prior.posterior(likelihood), shape.bounds(typical)
        start = [each.vector() for each in starts(rows, self.kernel, shape, self.restarts)]
        found = maximise(posterior, start, bounds, self.max_iter)
        self.log_likelihood_, self.n_iter_ = likelihood(found.vector)[0], max(1, found.n_iter)
        number = 0 if self._form == "inducing" else self.draws
        draws = laplace_draws(posterior, found.vector, prior, number)
        self._vectors = np.vstack([found.vector, np.clip(draws, *np.transpose(bounds))])
        self._shape = np.array(shape)
        self._keep(rows, table.X[chosen])
        warn_unless_converged(type(self).__name__, found, self.max_iter)

    def _form_of(self, rows: LabelledRows, n_kernels: int) -> str:
        """Which likelihood is computed."""
        if self.inducing is not None:
            return "inducing"
        kronecker = rows.complete and n_kernels == 1
        size = len(rows.X) if kronecker else len(rows.label)
        if size > _MOST:
            sentence = (
                f"The covariance of {type(self).__name__} would have {size:,} rows; an exact likelihood has at most "
                f"{_MOST:,}. Set `inducing`, such as inducing=200."
            )
            raise DataError(sentence)
        return "kronecker" if kronecker else "joint"

    def _likelihood(self, rows: LabelledRows, shape: Shape, chosen: np.ndarray) -> Any:
        """Value and gradient at a vector of hyper-parameters."""
        if self._form == "kronecker":
            likelihood = Likelihood(rows.X, rows.matrix, self.kernel)
            layout = Layout(shape.n_scales, shape.n_tasks, shape.rank)
            return lambda vector: likelihood.with_means(vector, layout)
        try:
            with warnings.catch_warnings():  # of what GPyTorch uses of torch
                warnings.simplefilter("ignore", DeprecationWarning)
                from polytask.gaussian_processes._inducing_bound import InducingBound
                from polytask.gaussian_processes._joint_likelihood import JointLikelihood
        except ImportError as error:
            raise MissingDependencyError(_MISSING.format(type(self).__name__)) from error
        if self._form == "inducing":
            return InducingBound(rows, chosen, self.kernel, shape)
        return JointLikelihood(rows, self.kernel, shape)

    def _keep(self, rows: LabelledRows, support: np.ndarray) -> None:
        """Fitted attributes, in the units of features and labels."""
        mean, spread, features, _ = rows.units
        self._spread, self._features = spread, features
        self._count = np.bincount(rows.task, rows.weight)
        self.support_vectors_ = support.copy()
        if self._form != "inducing":
            self._row, self._task = rows.row, rows.task
            self._label, self._weight = rows.label, rows.weight
        fitted = self._parameters(self._vectors[0])
        self.intercept_ = mean + fitted.means * spread
        self.length_scales_ = np.exp(fitted.log_scales) * np.ones_like(features) * features
        self.task_covariances_ = fitted.covariances() * np.outer(spread, spread)
        self.task_covariance_ = self.task_covariances_.sum(axis=0)
        self.noise_ = np.exp(0.5 * fitted.log_noise) * spread
        if self._form == "inducing":
            self._root = np.zeros((0, 0))
            of_rows = replace(rows, X=rows.X * features)
            noise = np.exp(fitted.log_noise)[rows.task] / rows.weight
            centred = rows.label - fitted.means[rows.task]
            self._root, coef = self._posterior(fitted).learned(of_rows, centred, noise)
        else:
            coef = self._dual_coef(fitted)
        self.dual_coef_ = coef * spread

    def _parameters(self, vector: np.ndarray) -> Parameters:
        """Of standardised labels; own variances are 0 where inducing rows stand for all."""
        parameters = Parameters.of_vector(vector, Shape(*map(int, self._shape)))
        if self._form != "inducing":
            return parameters
        return replace(parameters, log_own=np.full_like(parameters.log_own, -np.inf))

    def _posterior(self, parameters: Parameters) -> Any:
        """Of standardised labels less their means."""
        scales = parameters.log_scales + np.log(self._features)
        common = (self.support_vectors_, self.kernel, scales, parameters.covariances())
        noise = np.exp(parameters.log_noise)
        if self._form == "inducing":
            return InducingPosterior(*common, parameters.factors, self._root)
        if self._form == "kronecker":
            return KroneckerPosterior(*common, noise)
        return JointPosterior(*common, self._row, self._task, noise[self._task] / self._weight)

    def _dual_coef(self, parameters: Parameters) -> np.ndarray:
        """Coefficients of kernels in units of standardised labels."""
        centred = self._label - parameters.means[self._task]
        answer: np.ndarray = self._posterior(parameters).dual_coef(centred)
        return answer

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Means of all tasks, (n, n_tasks), or of each row by its own task, (n,)."""
        posterior = self._posterior(self._parameters(self._vectors[0]))
        means = posterior.mean(X, task, self.dual_coef_)
        return means + (self.intercept_ if task is None else self.intercept_[task])

    def _deviations(self, X: Any, task: np.ndarray | None) -> np.ndarray:
        """Standard deviations of labels, over the draws of hyper-parameters if there are any."""
        own: Any = slice(None) if task is None else task
        vectors = self._vectors[1:] if len(self._vectors) > 1 else self._vectors
        means, variances = [], []
        for parameters in map(self._parameters, vectors):
            posterior = self._posterior(parameters)
            noise = np.exp(parameters.log_noise)[own]
            variances.append(posterior.variance(X, task) + noise)
            if len(vectors) > 1:
                coef = self._dual_coef(parameters)
                means.append(posterior.mean(X, task, coef) + parameters.means[own])
        variance = np.mean(variances, axis=0) + (np.var(means, axis=0) if means else 0.0)
        deviations: np.ndarray = np.sqrt(variance) * self._spread[own]
        return deviations

    def predict(self, X: Any, *, tasks: Any = None, return_std: bool = False) -> Any:
        """Means and, with `return_std`, standard deviations of new labels.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features)
        tasks : array of shape (n,), optional
            The id of each row's task; by default every row is predicted for all tasks.
        return_std : bool, default False
            Whether to return standard deviations as well, noise included.

        Returns
        -------
        array of shape (n,) or (n, n_tasks), or two of them
            (n,) of a single task, or with `tasks`.

        Raises
        ------
        UnknownNameError
            If a task was not learned.
        """
        mean = super().predict(X, tasks=tasks)
        if not return_std:
            return mean
        X, task = self._checked(X, tasks)
        return mean, self._deviations(X, task).reshape(mean.shape)

    def predict_interval(
        self, X: Any, coverage: float = 0.95, *, tasks: Any = None
    ) -> tuple[Float64[np.ndarray, "..."], Float64[np.ndarray, "..."]]:
        """Ends of intervals that hold new labels with a probability.

        They reach as many standard deviations as Student's t of one degree of freedom per label of the task but one, by
        whose standard deviation its labels are standardised.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features)
        coverage : float in (0, 1), default 0.95
        tasks : array of shape (n,), optional
            The id of each row's task; by default every row is predicted for all tasks.

        Returns
        -------
        two arrays of shape (n,) or (n, n_tasks)
            Lower and upper ends.
        """
        if not 0 < coverage < 1:
            sentence = message(type(self).__name__, "coverage", "a number in (0, 1)", coverage)
            raise ParameterError(sentence)
        mean, std = self.predict(X, tasks=tasks, return_std=True)
        ends = student.ppf(0.5 + coverage / 2, np.maximum(self._count - 1, 1))
        task = self._positions(tasks, len(mean))
        reach = std * (ends[task] if task is not None else ends if mean.ndim == 2 else ends[0])
        return mean - reach, mean + reach
