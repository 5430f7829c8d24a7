"""Classification of several tasks with weights of several kernels per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint
from polytask.estimators import TaskTable
from polytask.kernel_methods._kernel_classifier import (
    CALIBRATION_FOLDS,
    KernelClassifier,
    label_scores,
    signed,
)
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._multiple_kernel import MultipleKernel

__all__ = ["MultipleKernelClassifier"]


class MultipleKernelClassifier(KernelClassifier, MultipleKernel):
    r"""Classification of several tasks by squared errors that learns the weights of several kernels for each.

    .. math:: \min_{f, b}\ \sum_k \sum_i \frac{\omega_{ik}}{2} \Big(y_{ik} - \sum_m f_{km}(x_i) - b_k\Big)^2
        + \frac{\alpha c}2 \Big(\sum_m \Big(\sum_k \|f_{km}\|^q\Big)^{1/q}\Big)^2

    with functions :math:`f_{km}` of task k and kernel m, labels y of −1 and 1, row weights :math:`\omega` that sum to 1 in every task (times
    its factor, `task_weights`), and :math:`c = T^{-(2 - q) / q}` for T tasks. The same is a kernel ridge
    regression per task with the kernel :math:`\sum_m d_{km} k_m`, whose weights d are learned, too:

    .. math:: \Big(\sum_m \Big(\sum_k \|f_{km}\|^q\Big)^{1/q}\Big)^2 c = \min_{d \ge 0}\ \sum_{km}
        \frac{\|f_{km}\|^2}{d_{km}} \quad \text{s.t.} \quad
        \sum_m \Big(\frac1T \sum_k d_{km}^r\Big)^{1/r} \le 1, \quad r = \frac{q}{2 - q}

    With q = 2 all tasks have the same weights, which sum to 1; with q = 1 each task may have kernels of its own; between
    them kernels of weight 0 are those that no task needs.
    A task of more than two classes has scores for each against the rest, with weights of their own.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.03
        Strength of the penalty. With a single kernel it is that of `MultiTaskKernelRidge` without sharing, for the
        kernel of variance 1.
    kernels : tuple of {"linear", "rbf", "polynomial", "laplacian", "cosine"}, default ("linear", "rbf")
        Kernels of inputs. Each is divided by its mean variance over the tasks.
    gammas : tuple of float in (0, inf), default (0.1, 1.0, 10.0)
        Widths of ``rbf``, ``laplacian`` and ``polynomial``, each a kernel, in units of 1 / (n_features · the variance
        of X), where every task counts the same.
    degree : int, default 3
        Of ``polynomial``.
    coef0 : float in [0, inf), default 1.0
        Of ``polynomial``.
    task_norm : float in [1, 2], default 1.5
        q, which ties the weights of tasks.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-4
        Relative duality gap at which the solver stops, in units of the loss of constant predictions.
    max_iter : int, default 1000
        Largest number of solutions for given weights.
    calibration_folds : int, default 3
        Folds of the training rows whose held-out scores give probabilities their scale; 0 takes scores as
        log odds. Each fold is a further fit, of the same weights.

    Attributes
    ----------
    kernel_weights_ : array of shape (n_tasks, n_kernels)
        d.
        One row and column per score: a task of more than two classes has one for each.
    kernel_names_, kernel_gammas_ : array of shape (n_kernels,)
        Names, and widths; 0 where there is none.
    kernel_sizes_ : array of shape (n_kernels,)
        What each kernel is divided by.
    dual_coef_ : array of shape (n, n_tasks)
        Coefficients of the weighted kernels of rows.
    support_vectors_ : array or sparse array of shape (n, n_features)
        The rows.
    intercept_ : array of shape (n_tasks,)
    n_iter_ : int
        Solutions for given weights.
    dual_gap_ : float
        Relative duality gap at the end.
    scale_ : array of shape (n_tasks,)
        Log odds per unit of the scores.
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, a task has one class alone, or there are too many rows.

    Notes
    -----
    Functions and weights are solved in turn: a Cholesky factor per task, then weights in closed form, taken further on
    a logarithmic scale while that lowers the objective. Rakotomamonjy et al. penalise
    :math:`\sum_m (\sum_k \|f_{km}\|^q)^{p / q}` with :math:`p \le 1`; here p is 1, which is convex, and the sum is
    squared, which gives the same path of solutions and a budget of weights. Their losses are hinge losses. Tasks have
    only the weights of kernels in common. Probabilities are a logistic function of scores with one scale
    per task.

    References
    ----------
    Rakotomamonjy, Flamary, Gasso and Canu, "lp-lq penalty for sparse linear and sparse multiple kernel
    multitask learning", IEEE Transactions on Neural Networks 2011.
    Micchelli and Pontil, "Learning the kernel function via regularization", JMLR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultipleKernelClassifier
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> Y = np.stack([X[:, 0] > 0, (X**2).sum(axis=1) > 1], axis=1).astype(int)
    >>> model = MultipleKernelClassifier().fit(X, Y)
    >>> model.predict(np.array([[2.0, 0.0], [-0.1, 0.0]]))
    array([[1, 1],
           [0, 0]])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **MultipleKernel.parameter_constraints,
        "calibration_folds": CALIBRATION_FOLDS,
    }

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
        calibration_folds: int = 3,
    ) -> None:
        super().__init__(
            alpha,
            kernels=kernels,
            gammas=gammas,
            degree=degree,
            coef0=coef0,
            task_norm=task_norm,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
        )
        self.calibration_folds = calibration_folds

    def learn(self, table: TaskTable) -> None:
        """Learn weights of kernels and functions in turn, and find the scale of probabilities."""
        rows = signed(KernelRows.of(table))
        matrices = self._learn_rows(rows)

        def held_out_scores(rows: KernelRows, kept: np.ndarray, held: np.ndarray) -> np.ndarray:
            part = rows.take(kept)
            fit = self._problem(matrices, part).solve(self.kernel_weights_)
            coef = np.zeros((rows.X.shape[0], rows.n_tasks))
            for column, each in enumerate(fit.coefs):
                coef[part.row[part.task == column], column] = each
            scores = fit.intercept[rows.task[held]]
            for matrix, weights in zip(matrices, self.kernel_weights_.T, strict=True):
                scores = scores + label_scores(matrix, coef * weights, rows, held)
            return scores

        self.calibrate(rows, held_out_scores)
