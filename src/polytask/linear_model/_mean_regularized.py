"""Base class of models whose tasks are near their mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Choice, Constraint, Interval
from polytask.datafits import Datafit
from polytask.linear_model._classes_of_columns import classes_of_columns
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
    single_task_ranges: ClassVar[Mapping[str, SearchRange]] = {"mean_alpha": STRENGTH}

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
        return classes_of_columns(self)

    def penalty(self) -> Penalty:
        """Squares of the mean and of deviations from it."""
        groups = tuple(int(each) for each in self.groups())
        return MeanAndDeviations(1.0, self.strength, self.mean_alpha, groups)

    @property
    def mean_coef_(self) -> Float64[np.ndarray, "..."]:
        means = self.of_unknown()[0]
        return means[0] if len(means) == 1 else means

    @property
    def mean_intercept_(self) -> Any:
        means = self.of_unknown()[1]
        return float(means[0]) if len(means) == 1 else means

    def of_unknown(self) -> tuple[np.ndarray, np.ndarray]:
        """Means over tasks."""
        means = averages(self.groups())
        return means @ self.coef_, means @ self.intercept_
