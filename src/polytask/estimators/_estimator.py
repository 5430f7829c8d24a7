"""Abstract base class of estimators that learn several tasks together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polytask.constraints import Constraint, check_parameters
from polytask.estimators._checked_rows import (
    checked,
    checked_labels,
    checked_size,
    checked_task_weights,
    checked_weights,
    missing,
)
from polytask.estimators._mean_over_tasks import mean_over_tasks
from polytask.estimators._task_ids import TaskIds
from polytask.estimators._task_table import TaskTable
from polytask.exceptions import DataError
from polytask.ranges import SearchRange

__all__ = ["MultiTaskEstimator", "Numbers"]


Fitted = TypeVar("Fitted", bound="MultiTaskEstimator")


class Numbers(NamedTuple):
    """Labels as numbers.

    Attributes
    ----------
    labels : array of shape (n, n_columns), or (m,) where each row belongs to one column
    owners : array of shape (n_columns,), int
        The task of each column of scores.
    task : array of shape (m,), int, or None
        The column of each row.
    rows : array of shape (m,), int, or None
        Which rows of X these are; all where None.
    """

    labels: np.ndarray
    owners: np.ndarray
    task: np.ndarray | None = None
    rows: np.ndarray | None = None

    def table(
        self, X: Any, weights: np.ndarray | None, task_weights: np.ndarray | None
    ) -> TaskTable:
        """With the inputs and weights of all rows, and the weights of tasks."""
        if self.rows is not None:
            X, weights = X[self.rows], None if weights is None else weights[self.rows]
        if weights is not None and self.labels.ndim == 2:
            wide = weights[:, None] if weights.ndim == 1 else weights[:, self.owners]
            weights = np.broadcast_to(wide, self.labels.shape)
        factors = None if task_weights is None else task_weights[self.owners]
        return TaskTable(X, self.labels, self.task, weights, len(self.owners), factors)


class MultiTaskEstimator(BaseEstimator, ABC):
    """An estimator of scikit-learn's contract that learns several tasks together.

    Tasks share their rows (``fit(X, Y)`` with a column per task, NaN where a label is missing), or each
    row belongs to one task (``fit(X, y, tasks=ids)``). ``fit(X, y)`` learns one task.

    A class defines `learn` and `scores`.

    Attributes
    ----------
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks: the sorted values of `tasks`, the names of the columns of a data frame, or
        numbers from 0.
    n_tasks_ : int
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,)
        Of a data frame only.
    single_task_ranges : mapping of setting to range, optional
        What is searched where each task is learned alone, if `search_ranges` have no effect there.
    weights_count_rows : bool, default False
        Whether a row of weight 2 is two rows. By default only ratios of weights within a task count.
    orders_tasks : bool, default False
        Whether each task is related to the next one of `tasks_`, such as times, so that their order counts.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {}
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {}
    single_task_ranges: ClassVar[Mapping[str, SearchRange] | None] = None
    accepts_sparse: ClassVar[bool] = True
    weights_count_rows: ClassVar[bool] = False
    orders_tasks: ClassVar[bool] = False
    accepts_missing: ClassVar[bool] = False

    tasks_: np.ndarray
    n_tasks_: int

    def __sklearn_tags__(self) -> Tags:
        """Sparse inputs, and several outputs, which may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.accepts_sparse
        tags.input_tags.allow_nan = self.accepts_missing
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags

    def fit(  # noqa: PYI019 # beartype knows no Self
        self: Fitted,
        X: Any,
        y: Any,
        *,
        tasks: Any = None,
        sample_weight: Any = None,
        task_weights: Any = None,
    ) -> Fitted:
        """Learn all tasks.

        Parameters
        ----------
        X : array, sparse array or data frame of shape (n, n_features)
            Finite numbers; NaN where the class takes missing features.
        y : array or data frame of shape (n, n_tasks) or (n,)
            Labels; NaN (None of classes) where one of several tasks has none.
        tasks : array of shape (n,), optional
            The id of each row's task, a number or a text, for `y` of shape (n,).
        sample_weight : array of shape (n,) or (n, n_tasks), optional
            Weights of rows; only their ratios within a task count, unless `weights_count_rows`.
        task_weights : array of shape (n_tasks,), optional
            Factors of the tasks' losses, in the order of `tasks_`; ones by default.

        Raises
        ------
        ParameterError
            If a setting is outside its range.
        DataError
            If the arguments do not fit together, an input is missing, or a task has no label.
        """
        check_parameters(self)
        self.learn(self._table(X, y, tasks, sample_weight, task_weights))
        return self

    def _table(
        self,
        X: Any,
        y: Any,
        tasks: Any,
        sample_weight: Any,
        task_weights: Any,
        known: np.ndarray | None = None,
    ) -> TaskTable:
        """Checked rows; sets what they say of tasks and features.

        `known` are the ids of the tasks where rows were seen before, or more are to come.
        """
        name = type(self).__name__
        X = self._inputs(X, reset=not hasattr(self, "n_features_in_") or known is None)
        labels, columns = checked_labels(name, y, X.shape[0], classes=self.learns_classes)
        ids = TaskIds.of(name, labels, columns, tasks, known)
        weights = checked_weights(name, sample_weight, labels, ids.task, partial=known is not None)
        used = None
        if weights is not None and weights.ndim == 1 and not weights.all():
            used = np.flatnonzero(weights)
            X, labels, weights = X[used], labels[used], weights[used]
            ids = ids.of_rows(used)
        self.tasks_, self.n_tasks_ = ids.known, len(ids.known)
        self._one = labels.ndim == 1 and tasks is None
        factors = checked_task_weights(name, task_weights, self.n_tasks_)
        numbers = self._numbers(labels, ids)
        table = numbers.table(X, weights, factors)
        rows = numbers.rows
        if used is not None:
            rows = used if rows is None else used[rows]
        return replace(table, rows=rows)

    learns_classes: ClassVar[bool] = False

    @abstractmethod
    def _numbers(self, labels: np.ndarray, ids: TaskIds) -> Numbers:
        """The labels as numbers, a column for each column of scores."""

    def alone(self) -> MultiTaskEstimator:
        """What learns each task alone in comparisons: itself, unless it needs several tasks."""
        return self

    @abstractmethod
    def learn(self, table: TaskTable) -> None:
        """Learn from checked rows; sets the fitted attributes."""

    @abstractmethod
    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, (n, n_tasks), or of each row by its own task, (n,).

        Parameters
        ----------
        X : array or sparse CSR array of shape (n, n_features)
        task : array of shape (n,), int, or None
        """

    def _checked(self, X: Any, tasks: Any) -> tuple[Any, np.ndarray | None]:
        """Inputs to predict, and the positions of their tasks."""
        check_is_fitted(self)
        X = self._inputs(X, reset=False)
        return X, self._positions(tasks, X.shape[0])

    def response(self, scores: np.ndarray) -> np.ndarray:
        """What scores of numbers predict, in units of labels; the scores themselves by default."""
        return scores

    def probability(self, scores: np.ndarray) -> np.ndarray | None:
        """Probabilities of the second class, of each score; None if scores say none.

        The logistic function by default.
        """
        return np.asarray(expit(scores))

    def probabilities(self, scores: np.ndarray) -> np.ndarray | None:
        """Probabilities of more than two classes by the scores of all; None if each is against the rest."""
        del scores
        return None

    def couples_classes(self) -> bool:
        """Whether the classes of a task are learned together, from a column of labels for each."""
        return False

    def _owners(self) -> np.ndarray:
        """The task of each column of scores."""
        return np.arange(self.n_tasks_)

    def _mean_score(
        self, measure: Callable[..., float], predicted: np.ndarray, y: Any, tasks: Any, weights: Any
    ) -> float:
        """The mean over tasks of a measure, on their labelled rows."""
        name = type(self).__name__
        labels, _ = checked_labels(name, y, len(predicted), classes=self.learns_classes)
        task = self._positions(tasks, len(labels))
        weights = checked_weights(name, weights, labels, task, partial=True)
        if labels.size != predicted.size:
            sentence = (
                f"The `y` parameter of {name}.score must have the shape of predictions, {predicted.shape}. "
                f"Got {labels.shape} instead."
            )
            raise DataError(sentence)
        labels = labels.reshape(predicted.shape)
        if missing(labels).all():
            raise DataError(
                f"The `y` parameter of {name}.score must have a label. All are missing."
            )
        return mean_over_tasks(measure, labels, predicted, task, weights)

    def _inputs(self, X: Any, *, reset: bool) -> Any:
        """Numbers, dense or as a CSR array; finite but for those that an estimator lets be missing."""
        if sparse.issparse(X) and not self.accepts_sparse:
            sentence = (
                f"The `X` parameter of {type(self).__name__} must be dense. Sparse data was passed: give "
                "X.toarray()."
            )
            raise DataError(sentence)
        accepted = "csr" if self.accepts_sparse else False
        with checked(type(self).__name__):
            X = validate_data(
                self,
                X,
                accept_sparse=accepted,
                dtype=np.float64,
                ensure_all_finite="allow-nan" if self.accepts_missing else True,
                reset=reset,
            )
        checked_size(type(self).__name__, "X", X)
        return sparse.csr_array(X) if sparse.issparse(X) else X

    def _positions(self, tasks: Any, n_rows: int) -> np.ndarray | None:
        """Positions of the rows' tasks among those that were learned; None of all tasks."""
        if tasks is None:
            return None
        return TaskIds.positions(type(self).__name__, self.tasks_, tasks, n_rows)
