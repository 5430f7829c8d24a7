"""Rows that come in parts."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

import numpy as np
from sklearn.utils.metaestimators import available_if

from polytask.constraints import check_parameters
from polytask.datafits import Bound, Datafit, Moments, TaskRows
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.linear_model._linear_estimator import LinearEstimator
from polytask.solvers import Solution

__all__ = ["Streaming"]

Fitted = TypeVar("Fitted", bound="Streaming")


class Streaming(LinearEstimator):
    """Learns rows in parts, in memory that does not grow with them, where the loss is squared.

    Sums of products of features are kept, (n_features, n_features), one per task unless all tasks have
    the same labelled rows.
    """

    fit_intercept: bool
    _moments: Moments | None = None
    _solution: Solution | None = None

    @abstractmethod
    def datafit(self) -> Datafit:
        """The loss of these settings."""

    @abstractmethod
    def bind(self, rows: TaskRows) -> Bound:
        """The loss on rows."""

    @abstractmethod
    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Minimise, from zero or from a solution of a near problem."""

    @abstractmethod
    def keep(self, bound: Bound, solution: Solution) -> None:
        """Set the fitted attributes."""

    def _forget(self) -> None:
        """Let `partial_fit` begin anew."""
        self._moments, self._solution = None, None

    def _has_moments(self) -> bool:
        return not self.learns_classes and self.datafit().by_moments

    @available_if(lambda self: self._has_moments())  # type: ignore[untyped-decorator] # scikit-learn's
    def partial_fit(  # noqa: PYI019 # beartype knows no Self
        self: Fitted,
        X: Any,
        y: Any,
        *,
        tasks: Any = None,
        sample_weight: Any = None,
        task_weights: Any = None,
        all_tasks: Any = None,
    ) -> Fitted:
        """Learn from further rows and all that came before, as `fit` does from all at once.

        Rows of an earlier `fit` do not count. A task that has had no label yet has the coefficients that the
        penalty prefers.

        Parameters
        ----------
        X, y, tasks, sample_weight
            As for `fit`.
        task_weights : array of shape (n_tasks,), optional
            Those of the first call count.
        all_tasks : array of shape (n_tasks,), optional
            Ids of all tasks, in the first call, where further ones come later.

        Raises
        ------
        UnknownNameError
            If a task is not among those of the first call.
        """
        check_parameters(self)
        moments = self._moments
        known = None if all_tasks is None else np.unique(all_tasks)
        if moments is not None:
            if known is not None and not np.array_equal(known, self.tasks_):
                sentence = (
                    f"The `all_tasks` parameter of {type(self).__name__} must be that of the first call. Make a "
                    "new estimator to learn other tasks."
                )
                raise ParameterError(sentence)
            known = self.tasks_
        try:
            table = self._table(X, y, tasks, sample_weight, task_weights, known)
        except UnknownNameError as error:
            sentence = f"{error} Name the tasks of later rows in the first call, by `all_tasks`."
            raise UnknownNameError(sentence) from None
        if moments is None:
            moments = Moments(table)
        else:
            moments.add(table)
        self._moments = moments
        bound = self.bind(moments.rows(fit_intercept=self.fit_intercept))
        solution = self.solution(bound, self._solution)
        self._solution = solution
        self.keep(bound, solution)
        return self
