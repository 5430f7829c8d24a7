"""Base class of models with coefficients that are functions of the tasks' own features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.constraints import Constraint, Interval, Optional, Satisfies
from polytask.datafits import Bound, Datafit
from polytask.estimators._task_ids import TaskIds
from polytask.exceptions import ParameterError
from polytask.linear_model._classes_of_columns import classes_of_columns
from polytask.linear_model._known_covariance import KnownCovariance
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator
from polytask.ranges import Range, SearchRange
from polytask.solvers import Solution

__all__ = ["WithTaskFeatures"]


def _is_features(value: Any) -> bool:
    table = np.array(list(value.values()) if isinstance(value, Mapping) else value, dtype=float)
    return bool(table.ndim == 2 and len(table) and np.isfinite(table).all())


_FEATURES = Satisfies(
    _is_features, "finite numbers per task: a mapping of ids to lists of one length, or a matrix"
)


class WithTaskFeatures(PenalizedEstimator):
    """A known covariance of tasks, by their features, as penalty.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
    task_features : mapping of id to list of float, or array of shape (n_tasks, n_task_features), optional
    own_ratio : float in (0, inf), default 10.0

    Attributes
    ----------
    task_feature_coef_ : array of shape (1 + n_task_features, n_features)
        Of more than two classes, those of each class below each other.
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
        rows = tuple(map(tuple, self._of_columns().tolist()))
        return KnownCovariance(self.strength, self.own_ratio, rows)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep what features say of coefficients, too, and tasks without rows."""
        super().keep(bound, solution)
        Z = self._of_columns()
        smoothing = np.linalg.solve(Z.T @ Z + np.eye(Z.shape[1]) / self.own_ratio, Z.T)
        self.task_feature_coef_ = smoothing @ self.coef_
        level = self.intercept_.mean()
        constants = np.arange(Z.shape[1]) % (Z.shape[1] // self._n_classes()) == 0
        self._levels = level * constants + smoothing @ (self.intercept_ - level)

    def of_unknown(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts of tasks without rows, by their features, class by class."""
        n_classes = self._n_classes()
        rows = [
            np.kron(one, [1.0, *self.task_features[key]])
            for key in self._further()
            for one in np.eye(n_classes)
        ]
        Z = np.array(rows).reshape(-1, len(self.task_feature_coef_))
        return Z @ self.task_feature_coef_, Z @ self._levels

    def _n_classes(self) -> int:
        return int(classes_of_columns(self).max()) + 1

    def _of_columns(self) -> Float64[np.ndarray, "columns z"]:
        """Features of each column's task, in a block of its class."""
        task, number = self._owners(), classes_of_columns(self)
        Z, blocks = self._features()[task], np.eye(self._n_classes())[number]
        wide: np.ndarray = blocks[:, :, None] * Z[:, None, :]
        return wide.reshape(len(task), -1)

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
