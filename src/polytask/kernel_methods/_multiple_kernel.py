"""Base class of estimators with weights of several kernels per task."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int, Shaped
from sklearn.exceptions import ConvergenceWarning

from polytask.constraints import Choice, Constraint, Each, InstanceOf, Interval
from polytask.estimators import MultiTaskEstimator
from polytask.exceptions import DataError
from polytask.kernel_methods._definite import definite_by
from polytask.kernel_methods._kernel import KERNELS, Kernel
from polytask.kernel_methods._kernel_estimator import kernel_scores
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._kernel_weights import MixedRidge, learn_weights, own_rows
from polytask.ranges import Range, SearchRange

__all__ = ["MultipleKernel"]

_MOST_ENTRIES = 1 << 28


class MultipleKernel(MultiTaskEstimator):
    """Squared errors plus norms of functions of several kernels, whose weights are learned per task.

    Attributes
    ----------
    kernel_names_, kernel_gammas_ : array of shape (n_kernels,)
        Names, and widths (0 where there is none).
    kernel_sizes_ : array of shape (n_kernels,)
        What each kernel is divided by: its mean variance over the tasks.
    kernel_weights_ : array of shape (n_columns, n_kernels)
    support_vectors_ : array or sparse array of shape (n, n_features)
    dual_coef_ : array of shape (n, n_columns)
    intercept_ : array of shape (n_columns,)
    n_iter_ : int
    dual_gap_ : float
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0, closed="neither"),
        "kernels": Each(Choice(KERNELS), minimum=1),
        "gammas": Each(Interval(float, 0.0, closed="neither"), minimum=1),
        "degree": Interval(int, 1),
        "coef0": Interval(float, 0.0),
        "task_norm": Interval(float, 1.0, 2.0),
        "fit_intercept": InstanceOf((bool,)),
        "tol": Interval(float, 0.0, closed="neither"),
        "max_iter": Interval(int, 1),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(1e-4, 1.0, log=True, default=0.03, values=(0.003, 0.3)),
        "task_norm": Range(1.0, 2.0, default=1.5, values=(2.0, 1.0)),
    }

    kernel_names_: Shaped[np.ndarray, " kernels"]
    kernel_gammas_: Float64[np.ndarray, " kernels"]
    kernel_sizes_: Float64[np.ndarray, " kernels"]
    kernel_weights_: Float64[np.ndarray, "columns kernels"]
    support_vectors_: Any
    dual_coef_: Float64[np.ndarray, "n columns"]
    intercept_: Float64[np.ndarray, " columns"]
    n_iter_: int
    dual_gap_: float

    def __init__(
        self,
        alpha: float = 0.03,
        *,
        kernels: Sequence[str] = ("linear", "rbf"),
        gammas: Sequence[float] = (0.1, 1.0, 10.0),
        degree: int = 3,
        coef0: float = 1.0,
        task_norm: float = 1.5,
        fit_intercept: bool = True,
        tol: float = 1e-4,
        max_iter: int = 1000,
    ) -> None:
        self.alpha = alpha
        self.kernels = kernels
        self.gammas = gammas
        self.degree = degree
        self.coef0 = coef0
        self.task_norm = task_norm
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _name_kernels(self, rows: KernelRows) -> None:
        """Set names and widths: each kernel, with each width where it has one."""
        unit = rows.scale_gamma()
        pairs: list[tuple[str, float]] = []
        for name in self.kernels:
            wide = "gamma" in Kernel(name, 1.0, 1, 1.0).settings
            widths = [width * unit for width in self.gammas] if wide else [0.0]
            pairs += [(name, width) for width in widths]
        self.kernel_names_ = np.array([name for name, _ in pairs])
        self.kernel_gammas_ = np.array([width for _, width in pairs])

    def _kernels(self) -> list[Kernel]:
        pairs = zip(self.kernel_names_.tolist(), self.kernel_gammas_.tolist(), strict=True)
        return [Kernel(name, width, self.degree, self.coef0) for name, width in pairs]

    def _matrices(self, rows: KernelRows) -> list[np.ndarray]:
        """Kernels of all rows, whose mean variance over the tasks is 1."""
        kernels = self._kernels()
        entries = rows.X.shape[0] ** 2 * len(kernels)
        if entries > _MOST_ENTRIES:
            sentence = (
                f"{type(self).__name__} holds {len(kernels)} kernel matrices of its {rows.X.shape[0]:,} "
                f"rows, at most {_MOST_ENTRIES:,} entries. Give fewer rows or kernels, or use "
                "MultiTaskKernelRidge with an approximation."
            )
            raise DataError(sentence)
        matrices = [kernel.matrix(rows.X, rows.X) for kernel in kernels]
        sizes = np.array([_variance(matrix, rows) for matrix in matrices])
        self.kernel_sizes_ = np.where(sizes > 0, sizes, 1.0)
        return [matrix / size for matrix, size in zip(matrices, self.kernel_sizes_, strict=True)]

    def _learn_rows(self, rows: KernelRows) -> list[np.ndarray]:
        """Learn weights and functions; the kernels of all rows."""
        self._name_kernels(rows)
        matrices = self._matrices(rows)
        problem = self._problem(matrices, rows)
        with definite_by(type(self).__name__, self.alpha):
            solved = learn_weights(problem, len(matrices), self.tol, self.max_iter)
        fit, self.dual_gap_, self.n_iter_ = solved
        if self.dual_gap_ > self.tol:
            sentence = (
                f"{type(self).__name__} stopped after {self.n_iter_} solutions at a relative duality gap of "
                f"{self.dual_gap_:.2g}, above tol={self.tol:g}. Raise `max_iter` or `tol`."
            )
            warnings.warn(sentence, ConvergenceWarning, stacklevel=4)
        self.kernel_weights_, self.intercept_ = fit.weights, fit.intercept
        self.support_vectors_ = rows.X.copy()
        self.dual_coef_ = np.zeros((rows.X.shape[0], rows.n_tasks))
        for column, (own, coef) in enumerate(zip(problem.tasks, fit.coefs, strict=True)):
            np.add.at(self.dual_coef_[:, column], rows.row[own.which], coef)
        return matrices

    def _problem(self, matrices: Sequence[np.ndarray], rows: KernelRows) -> MixedRidge:
        return MixedRidge(own_rows(matrices, rows), self.alpha, self.task_norm, self.fit_intercept)

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all columns, (n, n_columns), or of each row by its own column, (n,)."""
        total: Any = self.intercept_ if task is None else self.intercept_[task]
        none = np.zeros(len(self.intercept_))
        for m, kernel in enumerate(self._kernels()):
            coef = self.dual_coef_ * (self.kernel_weights_[:, m] / self.kernel_sizes_[m])

            def features(part: Any, kernel: Kernel = kernel) -> np.ndarray:
                return kernel.matrix(part, self.support_vectors_)

            total = total + kernel_scores(features, X, coef, none, task)
        return np.asarray(total)


def _variance(matrix: np.ndarray, rows: KernelRows) -> float:
    """The mean over tasks of the variance of rows in the space of a kernel."""
    total = 0.0
    for task in range(rows.n_tasks):
        own = np.flatnonzero(rows.task == task)
        share, row = rows.share[own], rows.row[own]
        block = matrix[np.ix_(row, row)]
        total += float(share @ block.diagonal() - share @ block @ share)
    return total / rows.n_tasks
