"""Base class of kernel ridge regression and classification of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse
from sklearn.kernel_approximation import Nystroem, RBFSampler

from polytask._validation import message
from polytask.constraints import Choice, Constraint, Interval, Optional
from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods._definite import definite_by
from polytask.kernel_methods._kernel_estimator import KernelEstimator, kernel_scores
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._ridge_problem import RidgeProblem, learn_covariance
from polytask.kernel_methods._squared_problem import Fit
from polytask.kernel_methods._task_matrix import split_identity

__all__ = ["KernelRidge"]

_MOST_LABELS = 25_000


class KernelRidge(KernelEstimator):
    """Squared errors plus the norm of the tasks' functions, in closed form.

    Attributes
    ----------
    feature_coef_ : array of shape (m, n_columns)
        Coefficients of features, where there are any.
    feature_map_ : Nystroem, RBFSampler or None
        None for the inputs themselves.
    n_iter_ : int
        Covariances that were tried; 0 of a given one.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **KernelEstimator.parameter_constraints,
        "approximation": Choice((None, "nystroem", "random_features")),
        "n_components": Interval(int, 1),
        "random_state": Optional(Interval(int, 0)),
    }

    feature_coef_: Float64[np.ndarray, "m columns"]
    feature_map_: Any
    n_iter_: int

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        kernel: str = "rbf",
        gamma: float | str = "scale",
        degree: int = 3,
        coef0: float = 1.0,
        shared: float = 0.5,
        task_covariance: Any = None,
        epsilon_covariance: float = 1e-3,
        fit_intercept: bool = True,
        approximation: Literal["nystroem", "random_features"] | None = None,
        n_components: int = 300,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            alpha,
            kernel=kernel,
            gamma=gamma,
            degree=degree,
            coef0=coef0,
            shared=shared,
            task_covariance=task_covariance,
            epsilon_covariance=epsilon_covariance,
            fit_intercept=fit_intercept,
        )
        self.approximation = approximation
        self.n_components = n_components
        self.random_state = random_state

    def _learn_rows(self, rows: KernelRows) -> RidgeProblem:
        """Solve in closed form, by features or by kernels; the problem that was solved."""
        learned = isinstance(self.task_covariance, str)
        covariance = self._first_covariance(rows.n_tasks)
        self._resolve_gamma(rows)
        self._by_features = self._prefers_features(rows, None if learned else covariance)
        if self._by_features:
            self.feature_map_ = self._feature_map(rows)
        problem = self._problem(rows)
        name = type(self).__name__
        with definite_by(name, self.alpha):
            if learned:
                solved = learn_covariance(name, problem, covariance, self.epsilon_covariance)
                covariance, fit, self.n_iter_ = solved
            else:
                fit, self.n_iter_ = problem.solve(covariance), 0
        self.task_covariance_ = covariance
        self._keep(rows, fit)
        return problem

    def _keep(self, rows: KernelRows, fit: Fit) -> None:
        if self._by_features:
            self.feature_coef_ = fit.coef
        else:
            self.support_vectors_, self.dual_coef_ = rows.X.copy(), fit.coef
        self.intercept_ = fit.intercept

    def _problem(self, rows: KernelRows) -> RidgeProblem:
        matrix = self._features(rows.X) if self._by_features else self._exact_kernel(rows)
        return RidgeProblem(matrix, rows, self.alpha, self.fit_intercept, self._by_features)

    def _prefers_features(self, rows: KernelRows, covariance: np.ndarray | None) -> bool:
        """Whether there are features: of an approximation, or fewer inputs of a linear kernel than labels."""
        if self.approximation is not None:
            return True
        if self.kernel != "linear" or sparse.issparse(rows.X):
            return False
        if covariance is None:
            rank = rows.n_tasks
        else:
            rank = max(1, split_identity(covariance)[1].shape[1])
        rank = 1 if rows.complete else rank
        n = rows.X.shape[0] if rows.complete else len(rows.label)
        return rank * rows.X.shape[1] < n

    def _feature_map(self, rows: KernelRows) -> Nystroem | RBFSampler | None:
        """The fitted approximation; None for the inputs themselves."""
        if self.approximation is None:
            return None
        options = {"n_components": self.n_components, "random_state": self.random_state}
        if self.approximation == "nystroem":
            kernel = self._kernel()
            options["n_components"] = min(self.n_components, rows.X.shape[0])
            return Nystroem(kernel=kernel.name, **kernel.settings, **options).fit(rows.X)
        if self.kernel != "rbf":
            sentence = message(
                type(self).__name__,
                "approximation",
                f'None or "nystroem" with the kernel {self.kernel!r}',
                self.approximation,
                "Random features are those of the kernel 'rbf'.",
            )
            raise ParameterError(sentence)
        return RBFSampler(gamma=self.gamma_, **options).fit(rows.X)

    def _exact_kernel(self, rows: KernelRows) -> np.ndarray:
        """The kernel of all rows, unless there are too many labels."""
        size = rows.X.shape[0] if rows.complete else len(rows.label)
        if size > _MOST_LABELS:
            sentence = (
                f"The kernel matrix of {type(self).__name__} would have {size:,} rows; an exact solution "
                f'has at most {_MOST_LABELS:,}. Set `approximation="nystroem"`.'
            )
            raise DataError(sentence)
        return self._kernel().matrix(rows.X, rows.X)

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, (n, n_tasks), or of each row by its own task, (n,)."""
        coef = self.feature_coef_ if self._by_features else self.dual_coef_
        return kernel_scores(self._features, X, coef, self.intercept_, task)

    def _features(self, X: Any) -> Float64[np.ndarray, "n m"]:
        if not self._by_features:
            return super()._features(X)
        return X if self.feature_map_ is None else self.feature_map_.transform(X)
