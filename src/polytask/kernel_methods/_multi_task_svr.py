"""Support vector regression of several tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Choice, Constraint, Each, Interval, OneOf
from polytask.estimators import MultiTaskRegressor
from polytask.exceptions import DataError
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._support_vector_machine import SupportVectorMachine
from polytask.kernel_methods._task_losses import CLASS_LOSSES, NUMBER_LOSSES, TaskLosses

__all__ = ["MultiTaskSVR"]

_LOSS = Choice((*NUMBER_LOSSES, *CLASS_LOSSES))


class MultiTaskSVR(MultiTaskRegressor, SupportVectorMachine):
    r"""Support vector regression of several tasks with a shared kernel and a covariance of tasks.

    .. math:: \min_{f, b}\ \sum_k \sum_i \omega_{ik}\, \ell_k\big(|y_{ik} - f_k(x_i) - b_k|\big)
        + \frac\alpha2 \|f\|^2, \qquad K\big((x, k), (x', l)\big) = B_{kl}\, k(x, x')

    with the loss :math:`\ell(r) = \max(0, r - \varepsilon)`, or half its square, row weights :math:`\omega` that
    sum to 1 in every task (times its factor, `task_weights`), and the norm of the space of the kernel K. By
    default B is 1 on the diagonal and `shared` elsewhere.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.01
        Strength of the penalty. A single task of n rows is scikit-learn's ``SVR(C=1 / (alpha * n))``.
    loss : {"epsilon_insensitive", "squared_epsilon_insensitive", "hinge", "squared_hinge"} or tuple of \
them, default "epsilon_insensitive"
        Loss of all tasks, or of each in the order of `tasks_`. The last two are of tasks of two classes, which
        are written as numbers.
    epsilon : float in [0, inf) or tuple of them, default 0.1
        Errors that cost nothing, in units of the labels; of all tasks, or of each.
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

    Attributes
    ----------
    support_vectors_ : array or sparse array of shape (n_kept, n_features)
        Rows that are support vectors of a task.
    n_support_ : array of shape (n_tasks,)
        Support vectors of each task.
    dual_coef_ : array of shape (n_kept, n_tasks)
        Coefficients of kernels, those of the task covariance included.
    intercept_ : array of shape (n_tasks,)
    class_values_ : array of shape (n_tasks, 2)
        The two labels of tasks of classes; zeros of tasks of numbers.
    task_covariance_ : array of shape (n_tasks, n_tasks)
    gamma_ : float
    n_iter_ : int
        Working sets.
    dual_gap_ : float
        Relative duality gap at the end.
    objective_ : float
        What was minimised, at the end; without the term of a learned covariance.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or there are not as many as tasks.
    DataError
        If rows, labels and tasks do not fit together, a task with a loss of classes has not two of them, or there
        are too many rows.

    Notes
    -----
    Each task's intercept gives the dual problem an equation of its own, which solvers for one task do not have.
    Here it is solved by an interior-point method. With :math:`B = d I + R R^\top` of small rank (1 by default), the
    joint kernel is a block per task plus a product of few columns, so that n rows of T tasks cost :math:`O(T n^3)`
    and not :math:`O(T^3 n^3)`, to rounding. For thousands of rows the columns are those of 300 of them (Nyström), or more
    where these describe the others badly; blocks stay exact. Such solutions are directions of descent of the exact
    problem, which is solved until its duality gap is below `tol`. Where that is too much work, sets of some hundred
    coefficients are solved in turn. With a learned covariance the objective has the further term
    :math:`\tfrac{\alpha\varepsilon}2 \operatorname{tr} B^{-1}` and is convex in functions and covariance together;
    both are solved in turn (Zhang and Yeung).

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Fine and Scheinberg, "Efficient SVM training using low-rank kernel representations", JMLR 2001.
    Zhang and Yeung, "A convex formulation for learning task relationships in multi-task learning",
    UAI 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultiTaskSVR
    >>> X = np.random.default_rng(0).uniform(-3, 3, size=(60, 1))
    >>> tasks = np.repeat(["a", "b"], 30)
    >>> y = np.sin(X[:, 0]) + 0.2 * (tasks == "b")
    >>> model = MultiTaskSVR(alpha=1e-3, epsilon=0.01, shared=0.9).fit(X, y, tasks=tasks)
    >>> model.predict(np.array([[1.0], [1.0]]), tasks=["a", "b"]).round(1)
    array([0.8, 1. ])
    """

    model_name: ClassVar[str] = "multi_task_svm"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SupportVectorMachine.parameter_constraints,
        "loss": OneOf((_LOSS, Each(_LOSS, minimum=1))),
        "epsilon": OneOf((Interval(float, 0.0), Each(Interval(float, 0.0), minimum=1))),
    }

    class_values_: Float64[np.ndarray, "tasks 2"]

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        loss: str | Sequence[str] = "epsilon_insensitive",
        epsilon: float | Sequence[float] = 0.1,
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
        self.epsilon = epsilon

    def _losses(self, rows: KernelRows) -> tuple[TaskLosses, Float64[np.ndarray, " labels"]]:
        """Of each task, and its labels: -1 and 1 for classes."""
        tasks = list(self.tasks_.tolist())
        widths = np.array(self._per_task("epsilon", tasks), dtype=float)
        losses = TaskLosses.of(self._per_task("loss", tasks), widths)
        self.class_values_ = np.zeros((rows.n_tasks, 2))
        label = rows.label.copy()
        for task in np.flatnonzero(losses.classes):
            own = np.flatnonzero(rows.task == task)
            values = np.unique(label[own])
            if len(values) != 2:
                sentence = (
                    f"The `y` parameter of {type(self).__name__} must hold two classes in task "
                    f"{tasks[task]!r}, whose loss is that of classes. Got {len(values)} different labels."
                )
                raise DataError(sentence)
            self.class_values_[task] = values
            label[own] = np.where(label[own] == values[1], 1.0, -1.0)
        return losses, label

    def raw_scores(self, X: Any, *, tasks: Any = None) -> np.ndarray:
        """Scores: the predicted numbers or, of tasks of classes, above 0 for the second.

        Parameters
        ----------
        X, tasks
            As for `predict`.

        Returns
        -------
        array of shape (n,) or (n, n_tasks)
        """
        return MultiTaskRegressor.predict(self, X, tasks=tasks)

    def predict(self, X: Any, *, tasks: Any = None) -> np.ndarray:
        """Predicted numbers, or classes of the tasks that have them.

        Parameters
        ----------
        X : array, sparse array or data frame of shape (n, n_features)
        tasks : array of shape (n,), optional
            The id of each row's task; by default every row is predicted for all tasks.

        Returns
        -------
        array of shape (n,) or (n, n_tasks)
            (n,) of a single task, or with `tasks`.
        """
        scores = self.raw_scores(X, tasks=tasks)
        position = self._positions(tasks, len(scores))
        if position is None:
            position = np.zeros(1, dtype=int) if scores.ndim == 1 else np.arange(self.n_tasks_)
        first, second = self.class_values_[position].T
        classes = np.where(scores > 0, second, first)
        predicted: np.ndarray = np.where(first == second, scores, classes)
        return predicted
