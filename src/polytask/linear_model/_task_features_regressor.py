"""Regression with coefficients that are functions of the tasks' own features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.constraints import Constraint, Interval, Optional, Satisfies
from polytask.datafits import Bound, Datafit
from polytask.estimators import MultiTaskRegressor
from polytask.estimators._task_ids import TaskIds
from polytask.exceptions import ParameterError
from polytask.linear_model._known_covariance import KnownCovariance
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator
from polytask.ranges import Range, SearchRange
from polytask.solvers import Solution

__all__ = ["TaskFeaturesRegressor"]


def _is_features(value: Any) -> bool:
    table = np.array(list(value.values()) if isinstance(value, Mapping) else value, dtype=float)
    return bool(table.ndim == 2 and len(table) and np.isfinite(table).all())


_FEATURES = Satisfies(
    _is_features, "finite numbers per task: a mapping of ids to lists of one length, or a matrix"
)


class TaskFeaturesRegressor(MultiTaskRegressor, PenalizedEstimator):
    r"""Ridge regression with coefficients that are linear in features of the tasks themselves.

    .. math:: \min_{A, V, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \big(\|A\|_F^2 + r \|V\|_F^2\big), \qquad w_k = A^\top z_k + v_k

    with known features z of tasks, a constant 1 first, what they say of coefficients A, (1 + n_task_features, n_features), own
    deviations V of the tasks, and the :math:`n_k` labelled rows of task k. Tasks whose features are given but that have no rows are predicted by
    their features. Without features there is the constant alone: tasks are drawn to what they have in common.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of both penalties.
    task_features : mapping of id to list of float, or array of shape (n_tasks, n_task_features), optional
        Features of each task, of similar sizes: a matrix is in the order of `tasks_`, a mapping may have further tasks, which can be predicted.
    own_ratio : float in (0, inf), default 10.0
        r, the strength of the penalty of own deviations in units of alpha. Large ones leave what features say.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative residual or gradient at which iterative solvers stop; closed forms are exact.
    max_iter : int, default 10000
        Largest number of iterations of these.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    task_feature_coef_ : array of shape (1 + n_task_features, n_features)
        A: coefficients of a task whose features are 0, and how they change per unit of each feature of tasks.
    n_iter_ : int
        1 of a closed form, else the iterations of the solver.
    residual_ : float
        Norm of what the normal equations miss, relative to that of their right-hand sides; of other losses
        that of the gradient, relative to zero coefficients.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or a task has no features.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    For the best A and V the penalty is that of a known covariance :math:`Z Z^\top + I / r` of tasks, and squared errors have a closed form. The
    papers have kernels of pairs of a task and a row, of which this is the linear one. Intercepts of tasks without rows are the mean of
    the others, plus what features say of the deviations by the same smoothing.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Bonilla, Agakov and Williams, "Kernel multi-task learning using task-specific features", AISTATS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import TaskFeaturesRegressor
    >>> random = np.random.default_rng(0)
    >>> sizes = {"s": [1.0], "m": [2.0], "l": [3.0], "xl": [4.0]}
    >>> tasks = np.repeat(["s", "m", "l"], 20)
    >>> X = random.normal(size=(60, 1))
    >>> y = X[:, 0] * np.array([sizes[task][0] for task in tasks])
    >>> model = TaskFeaturesRegressor(1e-5, task_features=sizes, own_ratio=1000.0).fit(
    ...     X, y, tasks=tasks
    ... )
    >>> model.predict([[1.0]], tasks=["xl"]).round(2)
    array([4.])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "task_features": Optional(_FEATURES),
        "own_ratio": Interval(float, 0.0, closed="neither"),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": STRENGTH,
        "own_ratio": Range(0.1, 1000.0, log=True, default=10.0, values=(1.0, 100.0)),
    }

    task_feature_coef_: Float64[np.ndarray, "z features"]

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        task_features: Any = None,
        own_ratio: float = 10.0,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.task_features = task_features
        self.own_ratio = own_ratio

    def penalty(self) -> KnownCovariance:
        """That of a known covariance."""
        rows = tuple(map(tuple, self._features().tolist()))
        return KnownCovariance(self.strength, self.own_ratio, rows)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep what features say of coefficients, too, and tasks without rows."""
        super().keep(bound, solution)
        Z = self._features()
        smoothing = np.linalg.solve(Z.T @ Z + np.eye(Z.shape[1]) / self.own_ratio, Z.T)
        self.task_feature_coef_ = smoothing @ self.coef_
        level = self.intercept_.mean()
        self._levels = np.r_[level, np.zeros(Z.shape[1] - 1)]
        self._levels += smoothing @ (self.intercept_ - level)

    def of_unknown(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts of tasks without rows, by their features."""
        table = self.task_features
        Z = np.array([[1.0, *table[key]] for key in self._further()]).reshape(
            -1, len(self.task_feature_coef_)
        )
        return Z @ self.task_feature_coef_, Z @ self._levels

    def _further(self) -> list[Any]:
        """Ids with features but without rows."""
        if not isinstance(self.task_features, Mapping):
            return []
        known = set(self.tasks_.tolist())
        return [key for key in self.task_features if key not in known]

    def _positions(self, tasks: Any, n_rows: int) -> np.ndarray | None:
        further = self._further()
        if tasks is None or not further:
            return super()._positions(tasks, n_rows)
        known = np.array([*self.tasks_.tolist(), *further])
        return TaskIds.positions(type(self).__name__, known, tasks, n_rows)

    def _features(self) -> Float64[np.ndarray, "tasks z"]:
        """Z of the learned tasks, with a constant."""
        table, n_tasks = self.task_features, self.n_tasks_
        if table is None:
            return np.ones((n_tasks, 1))
        if isinstance(table, Mapping):
            absent = [task for task in self.tasks_.tolist() if task not in table]
            if absent:
                sentence = f"features of every task. It has none of {absent[0]!r}"
                raise ParameterError(self._refusal(sentence, "Add them."))
            rows = [table[task] for task in self.tasks_.tolist()]
        else:
            rows = np.asarray(table, dtype=float).tolist()
            if len(rows) != n_tasks:
                sentence = f"a row for each of the {n_tasks} tasks"
                raise ParameterError(self._refusal(sentence, "Give them in the order of `tasks_`."))
        return np.c_[np.ones(n_tasks), np.array(rows, dtype=float)]

    def _refusal(self, expected: str, remedy: str) -> str:
        return message(type(self).__name__, "task_features", expected, self.task_features, remedy)
