"""Classification of several tasks by kernel ridge regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Constraint
from polytask.estimators import TaskTable
from polytask.kernel_methods._kernel_classifier import (
    CALIBRATION_FOLDS,
    KernelClassifier,
    label_scores,
    signed,
)
from polytask.kernel_methods._kernel_ridge import KernelRidge
from polytask.kernel_methods._kernel_rows import KernelRows

__all__ = ["MultiTaskKernelRidgeClassifier"]


class MultiTaskKernelRidgeClassifier(KernelClassifier, KernelRidge):
    r"""Classification of several tasks by kernel ridge regression on labels of −1 and 1.

    .. math:: \min_{f, b}\ \sum_k \sum_i \frac{\omega_{ik}}{2} (y_{ik} - f_k(x_i) - b_k)^2
        + \frac\alpha2 \|f\|^2, \qquad K\big((x, k), (x', l)\big) = B_{kl}\, k(x, x')

    with labels y of −1 and 1, row weights :math:`\omega` that sum to 1 in every task (times its factor,
    `task_weights`), and the norm of the space of the kernel K. By default B is 1 on the diagonal and `shared`
    elsewhere. A task of more than two classes has scores for each against the rest; those of different classes
    share nothing unless the covariance is learned. In `polytask.compare` and on the command line its name is
    ``multi_task_kernel_ridge``, with `MultiTaskKernelRidge` for numbers.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.01
        Strength of the penalty. A single task of n rows with a linear kernel equals scikit-learn's
        ``RidgeClassifier(alpha * n)``.
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
        Covariance B in the order of `tasks_`, symmetric and positive semi-definite, in place of `shared`; "learned"
        minimises over it, too, from that of `shared` on, with the trace n_tasks.
    epsilon_covariance : float in (0, inf), default 1e-3
        Keeps a learned covariance invertible, in units of the mean squared norm of the tasks' functions for the
        first covariance; larger values keep it nearer to the identity.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    approximation : {None, "nystroem", "random_features"}, default None
        For many rows: the kernel of some rows (any kernel), or of random waves (``rbf``).
    n_components : int, default 300
        Features of the approximation.
    random_state : int, optional
        Seed of the approximation.
    calibration_folds : int, default 3
        Folds of the training rows whose held-out scores give probabilities their scale; 0 takes scores as
        log odds. Each fold is a further fit, of the same covariance.

    Attributes
    ----------
    dual_coef_ : array of shape (n, n_tasks)
        Coefficients of the kernels of rows, those of the task covariance included; without features. One column
        per score: a task of more than two classes has one for each.
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
    n_iter_ : int
        Covariances that were tried; 0 of a given one.
    scale_ : array of shape (n_tasks,)
        Log odds per unit of the scores.
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or the covariance has another size.
    DataError
        If rows, labels and tasks do not fit together, a task has one class alone, or there are too many
        rows for an exact solution.

    Notes
    -----
    Solutions and a learned covariance are those of `MultiTaskKernelRidge`. scikit-learn's ``RidgeClassifier`` has no
    probabilities; here they are a logistic function of scores with one scale per task, at most 4.5, so that they
    never contradict the decision.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Zhang and Yeung, "A convex formulation for learning task relationships in multi-task learning",
    UAI 2010.
    Williams and Seeger, "Using the Nyström method to speed up kernel machines", NeurIPS 2000.
    Rahimi and Recht, "Random features for large-scale kernel machines", NeurIPS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultiTaskKernelRidgeClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> tasks = np.repeat(["a", "b"], 30)
    >>> y = np.where((X**2).sum(axis=1) > 1, "out", "in")
    >>> model = MultiTaskKernelRidgeClassifier(shared=0.9).fit(X, y, tasks=tasks)
    >>> model.predict(np.array([[0.0, 0.0], [2.0, 1.0]]), tasks=["a", "b"]).tolist()
    ['in', 'out']
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **KernelRidge.parameter_constraints,
        "calibration_folds": CALIBRATION_FOLDS,
    }

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
        calibration_folds: int = 3,
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
            approximation=approximation,
            n_components=n_components,
            random_state=random_state,
        )
        self.calibration_folds = calibration_folds

    def _first_covariance(self, n_columns: int) -> Float64[np.ndarray, "columns columns"]:
        """That of tasks between columns of the same class, 0 between others."""
        return self.between_columns(super()._first_covariance(self.n_tasks_))

    def learn(self, table: TaskTable) -> None:
        """Solve in closed form, and find the scale of probabilities."""
        rows = signed(KernelRows.of(table))
        problem = self._learn_rows(rows)

        def held_out_scores(rows: KernelRows, kept: np.ndarray, held: np.ndarray) -> np.ndarray:
            if rows.complete:
                chosen = np.unique(rows.row[kept])
                across = problem.matrix if self._by_features else problem.matrix[:, chosen]
                part = replace(problem, matrix=across[chosen], rows=rows.take_rows(chosen))
            else:
                across, part = problem.matrix, replace(problem, rows=rows.take(kept))
            fit = part.solve(self.task_covariance_)
            return label_scores(across, fit.coef, rows, held) + fit.intercept[rows.task[held]]

        self.calibrate(rows, held_out_scores)
