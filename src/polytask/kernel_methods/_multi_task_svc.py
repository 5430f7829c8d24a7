"""Support vector classification of several tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int

from polytask.constraints import Choice, Constraint, Each, OneOf
from polytask.estimators import TaskTable
from polytask.kernel_methods._kernel_classifier import (
    CALIBRATION_FOLDS,
    KernelClassifier,
    label_scores,
    signed,
)
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._support_vector_machine import SupportVectorMachine
from polytask.kernel_methods._support_vectors import SupportVectors
from polytask.kernel_methods._task_losses import CLASS_LOSSES, TaskLosses

__all__ = ["MultiTaskSVC"]


class MultiTaskSVC(KernelClassifier, SupportVectorMachine):
    r"""Support vector classification of several tasks with a shared kernel and a covariance of tasks.

    .. math:: \min_{f, b}\ \sum_k \sum_i \omega_{ik}\, \ell_k\big(y_{ik} (f_k(x_i) + b_k)\big)
        + \frac\alpha2 \|f\|^2, \qquad K\big((x, k), (x', l)\big) = B_{kl}\, k(x, x')

    with labels y of −1 and 1, the loss :math:`\ell(m) = \max(0, 1 - m)`, or half its square, row weights
    :math:`\omega` that sum to 1 in every task (times its factor, `task_weights`), and the norm of the space of the
    kernel K. By default B is 1 on the diagonal and `shared` elsewhere. A task of more than two classes has
    scores for each against the rest; those of different classes share nothing unless the covariance is learned.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.01
        Strength of the penalty. A single task of n rows is scikit-learn's ``SVC(C=1 / (alpha * n))``.
    loss : {"hinge", "squared_hinge"} or tuple of them, default "hinge"
        Loss of all tasks, or of each in the order of `tasks_`.
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
    task_covariance : array of shape (n_tasks, n_tasks) or "learned", optional
        Covariance B in the order of `tasks_`, in place of `shared`; "learned" minimises over it, too, from
        that of `shared` on, with the trace n_tasks.
    epsilon_covariance : float in (0, inf), default 1e-3
        Keeps a learned covariance invertible, in units of the mean squared norm of the tasks' functions for the
        first covariance; larger values keep it nearer to the identity.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of constant predictions.
    max_iter : int, default 1000
        Largest number of sets of coefficients that the solver improves; one of all is often enough.
    calibration_folds : int, default 3
        Folds of the training rows whose held-out scores give probabilities their scale; 0 takes scores as
        log odds. Each fold is a further fit.

    Attributes
    ----------
    support_vectors_ : array or sparse array of shape (n_kept, n_features)
        Rows that are support vectors of a task.
    n_support_ : array of shape (n_tasks,)
        Support vectors of each task, or of each class of a task of more than two.
    dual_coef_ : array of shape (n_kept, n_tasks)
        Coefficients of kernels, those of the task covariance included.
        One column per score: a task of more than two classes has one for each.
    intercept_ : array of shape (n_tasks,)
    task_covariance_ : array of shape (n_tasks, n_tasks)
    gamma_ : float
    n_iter_ : int
        Working sets.
    dual_gap_ : float
        Relative duality gap at the end.
    objective_ : float
        What was minimised, at the end; without the term of a learned covariance.
    scale_ : array of shape (n_tasks,)
        Log odds per unit of the scores.
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or there are not as many as tasks.
    DataError
        If rows, labels and tasks do not fit together, a task has one class alone, or there are too many rows.

    Notes
    -----
    The solver is that of `MultiTaskSVR`. scikit-learn's ``SVC`` is one against one for more than two classes.
    Probabilities are those of a logistic function of scores with one scale per task, so that they never
    contradict the decision; Platt's has an offset, too. The scale is at most 4.5, so that a score of 1 stands for a
    probability of at most 0.99, also where all held-out rows are told apart.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.
    Zhang and Yeung, "A convex formulation for learning task relationships in multi-task learning",
    UAI 2010.
    Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultiTaskSVC
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> tasks = np.repeat(["a", "b"], 30)
    >>> y = np.where((X**2).sum(axis=1) > 1, "out", "in")
    >>> model = MultiTaskSVC(shared=0.9).fit(X, y, tasks=tasks)
    >>> model.predict(np.array([[0.0, 0.0], [2.0, 1.0]]), tasks=["a", "b"]).tolist()
    ['in', 'out']
    """

    model_name: ClassVar[str] = "multi_task_svm"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SupportVectorMachine.parameter_constraints,
        "loss": OneOf((Choice(CLASS_LOSSES), Each(Choice(CLASS_LOSSES), minimum=1))),
        "calibration_folds": CALIBRATION_FOLDS,
    }

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        loss: str | Sequence[str] = "hinge",
        kernel: str = "rbf",
        gamma: float | str = "scale",
        degree: int = 3,
        coef0: float = 1.0,
        shared: float = 0.5,
        task_covariance: Any = None,
        epsilon_covariance: float = 1e-3,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
        calibration_folds: int = 3,
    ) -> None:
        super().__init__(
            alpha,
            loss=loss,
            epsilon_covariance=epsilon_covariance,
            tol=tol,
            max_iter=max_iter,
            kernel=kernel,
            gamma=gamma,
            degree=degree,
            coef0=coef0,
            shared=shared,
            task_covariance=task_covariance,
            fit_intercept=fit_intercept,
        )
        self.calibration_folds = calibration_folds

    def _losses(self, rows: KernelRows) -> tuple[TaskLosses, Float64[np.ndarray, " labels"]]:
        """Of each column of scores, and labels of -1 and 1."""
        each = self._per_task("loss", list(self.tasks_.tolist()))
        owners = self._owners()
        names = [each[task] for task in owners]
        return TaskLosses.of(names, np.zeros(len(owners))), signed(rows).label

    def _first_covariance(self, n_columns: int) -> Float64[np.ndarray, "columns columns"]:
        """That of tasks between columns of the same class, 0 between others."""
        return self.between_columns(super()._first_covariance(self.n_tasks_))

    def learn(self, table: TaskTable) -> None:
        """Solve the dual problem, and find the scale of probabilities."""
        problem = self._learned(table)
        kernel = problem.kernel

        def held_out_scores(rows: KernelRows, kept: np.ndarray, held: np.ndarray) -> np.ndarray:
            return _scores_at(self._solve(rows.take(kept), kernel), rows, held)

        self.calibrate(problem.rows, held_out_scores)

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all columns, (n, n_columns), or of each row by its own column, (n,)."""
        # Rounded, since support vectors have the score 1 but for rounding, and must tie.
        scores: np.ndarray = np.round(super().scores(X, task), 12)
        return scores


def _scores_at(
    problem: SupportVectors, rows: KernelRows, held: Int[np.ndarray, " m"]
) -> np.ndarray:
    """Scores of other labels of the same rows of inputs."""
    used = np.flatnonzero(problem.beta)
    coef = problem.spread(problem.beta[used], used) @ problem.covariance
    return label_scores(problem.kernel, coef, rows, held) + problem.intercept[rows.task[held]]
