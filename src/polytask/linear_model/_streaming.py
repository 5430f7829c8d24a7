"""Rows that come in parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from types import MethodType
from typing import Any, TypeVar

import numpy as np

from polytask.constraints import check_parameters
from polytask.datafits import Bound, Datafit, Moments, TaskRows
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.linear_model._linear_estimator import LinearEstimator
from polytask.solvers import Solution

__all__ = ["Streaming"]

Fitted = TypeVar("Fitted", bound="Streaming")


class _InParts:
    """A method of losses that learn rows in parts; of others an `AttributeError` with the reason.

    scikit-learn's `available_if` says only that there is no such attribute.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._method
        reason = instance._refuses_parts()  # noqa: SLF001
        if reason is not None:
            raise AttributeError(f"{owner.__name__} has no `partial_fit`: {reason}")
        return MethodType(self._method, instance)


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

    def _refuses_parts(self) -> str | None:
        """Why all rows must be there at once; None if they may come in parts."""
        if self.learns_classes:
            return "classes are learned from all rows at once, by `fit`."
        try:
            loss = self.datafit()
        except ParameterError as error:
            return str(error)
        if loss.by_moments:
            return None
        return (
            "only squared errors (`loss` “squared” or “auto”) are learned from rows in parts. Got "
            f"{type(loss).__name__}: give all rows to `fit`."
        )

    @_InParts
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
