"""Kernel ridge regression of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse
from sklearn.kernel_approximation import Nystroem, RBFSampler

from polytask._validation import message
from polytask.constraints import Choice, Constraint, Interval, Optional
from polytask.estimators import MultiTaskRegressor, TaskTable
from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods._kernel_estimator import KernelEstimator, kernel_scores
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._squared_problem import (
    solve_complete_features,
    solve_features,
    solve_joint,
    solve_kronecker,
)
from polytask.kernel_methods._task_matrix import split_identity, task_matrix

__all__ = ["MultiTaskKernelRidge"]

_MOST_LABELS = 25_000


class MultiTaskKernelRidge(MultiTaskRegressor, KernelEstimator):
    r"""Kernel ridge regression of several tasks with a shared kernel and a covariance of tasks.

    .. math:: \min_{f, b}\ \sum_k \sum_i \frac{\omega_{ik}}{2} (y_{ik} - f_k(x_i) - b_k)^2
        + \frac\alpha2 \|f\|^2, \qquad K\big((x, k), (x', l)\big) = B_{kl}\, k(x, x')

    with row weights :math:`\omega` that sum to 1 in every task (times its factor, `task_weights`), and the norm
    of the space of the kernel K. By default B is 1 on the diagonal and `shared` elsewhere: a part of the function
    is common to all tasks and a part is each task's own. In `polytask.compare` and on the command line its name is
    ``multi_task_kernel_ridge``; it learns numbers, not classes.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.01
        Strength of the penalty. A single task of n rows equals scikit-learn's ``KernelRidge(alpha * n)`` on
        centred kernels.
    kernel : {"rbf", "linear", "polynomial", "laplacian", "cosine"}, default "rbf"
        Kernel of inputs.
    gamma : float in (0, inf) or "scale", default "scale"
        Width of ``rbf``, ``laplacian`` and ``polynomial``; "scale" is 1 / (n_features · the variance of X), where
        every task counts the same.
    degree : int, default 3
        Of ``polynomial``.
    coef0 : float in [0, inf), default 1.0
        Of ``polynomial``.
    shared : float in [0, 1], default 0.5
        Covariance of every two tasks: 0 learns each alone, 1 one function for all.
    task_covariance : array of shape (n_tasks, n_tasks), optional
        Covariance B in the order of `tasks_`, symmetric and positive semi-definite, in place of `shared`.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    approximation : {None, "nystroem", "random_features"}, default None
        For many rows: the kernel of some rows (any kernel), or of random waves (``rbf``).
    n_components : int, default 300
        Features of the approximation.
    random_state : int, optional
        Seed of the approximation.

    Attributes
    ----------
    dual_coef_ : array of shape (n, n_tasks)
        Coefficients of the kernels of rows, those of the task covariance included; without features.
    support_vectors_ : array or sparse array of shape (n, n_features)
        The rows; without features.
    feature_coef_ : array of shape (n_components, n_tasks)
        Coefficients of the features of an approximation or, where that is less work, of the inputs
        themselves with a linear kernel.
    feature_map_ : Nystroem, RBFSampler or None
        The fitted approximation; None for the inputs themselves.
    intercept_ : array of shape (n_tasks,)
    task_covariance_ : array of shape (n_tasks, n_tasks)
    gamma_ : float
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or the covariance has another size.
    DataError
        If rows, labels and tasks do not fit together, or are too many for an exact solution.

    Notes
    -----
    Tasks that share complete rows are solved by the eigenvectors of both kernels,
    :math:`O(n^3 + n^2 T + T^3)`; others by one Cholesky factor of the joint matrix of all labels. With m features
    and B = d I + R Rᵀ of rank r (1 by default), systems of m and of r m equations are solved, and time is linear
    in the rows. The intercepts are exact: no column of ones stands for them. Evgeniou et al. have
    none.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Williams and Seeger, "Using the Nyström method to speed up kernel machines", NeurIPS 2000.
    Rahimi and Recht, "Random features for large-scale kernel machines", NeurIPS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultiTaskKernelRidge
    >>> X = np.random.default_rng(0).uniform(-3, 3, size=(60, 1))
    >>> tasks = np.repeat(["a", "b"], 30)
    >>> y = np.sin(X[:, 0]) + 0.2 * (tasks == "b")
    >>> model = MultiTaskKernelRidge(alpha=1e-4, shared=0.9).fit(X, y, tasks=tasks)
    >>> model.predict(np.array([[1.0], [1.0]]), tasks=["a", "b"]).round(1)
    array([0.8, 1. ])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **KernelEstimator.parameter_constraints,
        "approximation": Choice((None, "nystroem", "random_features")),
        "n_components": Interval(int, 1),
        "random_state": Optional(Interval(int, 0)),
    }

    feature_coef_: Float64[np.ndarray, "m tasks"]
    feature_map_: Any

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
            fit_intercept=fit_intercept,
        )
        self.approximation = approximation
        self.n_components = n_components
        self.random_state = random_state

    def learn(self, table: TaskTable) -> None:
        """Solve in closed form, by features or by kernels."""
        rows = KernelRows.of(table)
        covariance = task_matrix(
            type(self).__name__, self.task_covariance, self.shared, rows.n_tasks
        )
        self.task_covariance_ = covariance
        self._resolve_gamma(rows)
        self._by_features = self._prefers_features(rows, covariance)
        options = {"fit_intercept": self.fit_intercept}
        if self._by_features:
            self.feature_map_ = self._feature_map(rows)
            solve = solve_complete_features if rows.complete else solve_features
            fit = solve(self._features(rows.X), rows, covariance, self.alpha, **options)
            self.feature_coef_ = fit.coef
        else:
            solve = solve_kronecker if rows.complete else solve_joint
            matrix = self._exact_kernel(rows)
            fit = solve(matrix, rows, covariance, self.alpha, **options)
            self.support_vectors_, self.dual_coef_ = rows.X.copy(), fit.coef
        self.intercept_ = fit.intercept

    def _prefers_features(self, rows: KernelRows, covariance: np.ndarray) -> bool:
        """Whether there are features: of an approximation, or fewer inputs of a linear kernel than labels."""
        if self.approximation is not None:
            return True
        if self.kernel != "linear" or sparse.issparse(rows.X):
            return False
        rank = 1 if rows.complete else max(1, split_identity(covariance)[1].shape[1])
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
