"""Base class of models whose tasks are near their mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64, Int

from polytask.constraints import Choice, Constraint, Interval
from polytask.datafits import Datafit
from polytask.estimators._task_ids import TaskIds
from polytask.linear_model._linear_estimator import row_scores
from polytask.linear_model._mean_and_deviations import MeanAndDeviations, averages
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator
from polytask.penalties import Penalty
from polytask.ranges import Range, SearchRange

__all__ = ["MeanRegularized"]


class MeanRegularized(PenalizedEstimator):
    """Squared deviations of tasks from their mean, and of the mean from 0, as penalty.

    Attributes
    ----------
    mean_coef_ : array of shape (n_features,)
        The mean over tasks; of more than two classes (n_classes, n_features).
    mean_intercept_ : float or array of shape (n_classes,)
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "mean_alpha": Interval(float, 0.0),
        "unknown_tasks": Choice(("error", "mean")),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": STRENGTH,
        "mean_alpha": Range(1e-6, 1.0, log=True, default=0.0001, values=(0.01, 1e-6)),
    }

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        mean_alpha: float = 1e-4,
        loss: str | Datafit = "auto",
        unknown_tasks: Literal["error", "mean"] = "error",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.mean_alpha = mean_alpha
        self.unknown_tasks = unknown_tasks

    def groups(self) -> np.ndarray:
        """The columns of scores, by numbers from 0, that have a mean in common."""
        return np.zeros(self.n_tasks_, dtype=int)

    def penalty(self) -> Penalty:
        """Squares of the mean and of deviations from it."""
        groups = tuple(int(each) for each in self.groups())
        return MeanAndDeviations(1.0, self.strength, self.mean_alpha, groups)

    @property
    def mean_coef_(self) -> Float64[np.ndarray, "..."]:
        means: np.ndarray = averages(self.groups()) @ self.coef_
        return means[0] if len(means) == 1 else means

    @property
    def mean_intercept_(self) -> Any:
        means = averages(self.groups()) @ self.intercept_
        return float(means[0]) if len(means) == 1 else means

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, or of each row by its own task or, of unknown tasks, by the mean."""
        if task is None or not (task >= len(self.coef_)).any():
            return super().scores(X, task)
        means = averages(self.groups())
        coef = np.vstack([self.coef_, means @ self.coef_])
        return row_scores(X, coef, np.append(self.intercept_, means @ self.intercept_), task)

    def _positions(self, tasks: Any, n_rows: int) -> np.ndarray | None:
        if tasks is None or self.unknown_tasks == "error":
            return super()._positions(tasks, n_rows)
        return TaskIds.positions(type(self).__name__, self.tasks_, tasks, n_rows, others=True)
