"""Base class of estimators that share a kernel of inputs and have a covariance of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int

from polytask.constraints import Choice, Constraint, InstanceOf, Interval, OneOf
from polytask.estimators import MultiTaskEstimator
from polytask.kernel_methods._kernel import KERNELS, Kernel
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._task_matrix import POSITIVE_SEMIDEFINITE, task_matrix
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["KernelEstimator"]

_ENTRIES = 1 << 23
"""Largest number of entries of a kernel matrix of predictions, at a time."""


class KernelEstimator(MultiTaskEstimator):
    r"""Predicts :math:`f_k(x) = \sum_i C_{ik}\, k(x, x_i) + b_k`: one kernel matrix serves all tasks.

    Attributes
    ----------
    support_vectors_ : array or sparse array of shape (n_kept, n_features)
        Rows of training whose kernels are used.
    dual_coef_ : array of shape (n_kept, n_columns)
        Coefficients C of kernels; a column per task, or several where a task has more than two classes.
    intercept_ : array of shape (n_columns,)
    task_covariance_ : array of shape (n_columns, n_columns)
    gamma_ : float
        The width of the kernel that was used.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0, closed="neither"),
        "kernel": Choice(KERNELS),
        "gamma": OneOf((Choice(("scale",)), Interval(float, 0.0, closed="neither"))),
        "degree": Interval(int, 1),
        "coef0": Interval(float, 0.0),
        "shared": Interval(float, 0.0, 1.0),
        "task_covariance": OneOf((Choice((None, "learned")), POSITIVE_SEMIDEFINITE)),
        "epsilon_covariance": Interval(float, 0.0, closed="neither"),
        "fit_intercept": InstanceOf((bool,)),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(1e-6, 1.0, log=True, default=0.01, values=(1e-3, 0.1, 1e-4)),
        "shared": Range(0.0, 1.0, default=0.5, values=(0.9, 0.1)),
        "kernel": Choices(("rbf", "linear")),
    }

    support_vectors_: Any
    dual_coef_: Float64[np.ndarray, "kept columns"]
    intercept_: Float64[np.ndarray, " columns"]
    task_covariance_: Float64[np.ndarray, "columns columns"]
    gamma_: float

    def __init__(
        self,
        alpha: float,
        *,
        kernel: str,
        gamma: float | str,
        degree: int,
        coef0: float,
        shared: float,
        task_covariance: Any,
        epsilon_covariance: float,
        fit_intercept: bool,
    ) -> None:
        self.alpha = alpha
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.shared = shared
        self.task_covariance = task_covariance
        self.epsilon_covariance = epsilon_covariance
        self.fit_intercept = fit_intercept

    def _resolve_gamma(self, rows: KernelRows) -> None:
        """Set the width of the kernel."""
        self.gamma_ = rows.scale_gamma() if isinstance(self.gamma, str) else float(self.gamma)

    def _first_covariance(self, n_columns: int) -> Float64[np.ndarray, "columns columns"]:
        """The given covariance of the columns of scores, or the first one where it is learned."""
        given = None if isinstance(self.task_covariance, str) else self.task_covariance
        return task_matrix(type(self).__name__, given, self.shared, n_columns)

    def _kernel(self) -> Kernel:
        return Kernel(self.kernel, self.gamma_, self.degree, self.coef0)

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, (n, n_tasks), or of each row by its own task, (n,)."""
        return kernel_scores(self._features, X, self.dual_coef_, self.intercept_, task)

    def _features(self, X: Any) -> Float64[np.ndarray, "n kept"]:
        return self._kernel().matrix(X, self.support_vectors_)


def kernel_scores(
    features: Any,
    X: Any,
    coef: Float64[np.ndarray, "m tasks"],
    intercept: Float64[np.ndarray, " tasks"],
    task: Int[np.ndarray, " n"] | None,
) -> Float64[np.ndarray, "..."]:
    """Features of rows times coefficients of tasks, a block of rows at a time."""
    n, n_tasks = X.shape[0], len(intercept)
    step = max(1, _ENTRIES // max(1, len(coef)))
    if task is None:
        scores = np.empty((n, n_tasks))
        for start in range(0, n, step):
            part = slice(start, start + step)
            scores[part] = features(X[part]) @ coef
        return scores + intercept
    scores = np.empty(n)
    for each in np.unique(task):
        own = np.flatnonzero(task == each)
        for start in range(0, len(own), step):
            chosen = own[start : start + step]
            scores[chosen] = features(X[chosen]) @ coef[:, each]
    answer: np.ndarray = scores + intercept[task]
    return answer
