"""Base class of classifiers of several tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from polytask.estimators._checked_rows import checked, missing, plain
from polytask.estimators._estimator import MultiTaskEstimator, Numbers
from polytask.estimators._task_ids import TaskIds
from polytask.exceptions import DataError

__all__ = ["MultiTaskClassifier"]


class MultiTaskClassifier(ClassifierMixin, MultiTaskEstimator):
    """A classifier of several tasks, by scores of classes.

    A task of two classes has one column of scores, one of more classes a column for each (one against
    the rest, or all together where `couples_classes`).

    Attributes
    ----------
    classes_ : array of shape (n_classes,), or list of them
        Those of all tasks; a list with those of each where columns of labels hold different ones.
    """

    learns_classes: ClassVar[bool] = True
    classes_: Any
    _columns: np.ndarray

    def _numbers(self, labels: np.ndarray, ids: TaskIds) -> Numbers:
        if labels.ndim == 2:
            each = [
                self._classes(column, name)
                for column, name in zip(labels.T, ids.known, strict=True)
            ]
            pairs = zip(labels.T, each, strict=True)
            wide = np.hstack([_indicators(column, classes) for column, classes in pairs])
            self._columns = _columns([_n_scores(classes) for classes in each])
            alike = all(np.array_equal(classes, each[0]) for classes in each)
            self.classes_ = each[0] if alike else each
            return Numbers(wide, self._owners())
        with checked(type(self).__name__):
            check_classification_targets(labels)
        self.classes_ = self._classes(labels, None)
        wide = _indicators(labels, self.classes_)
        if ids.task is None:
            self._columns = _columns([wide.shape[1]])
            return Numbers(wide, self._owners())
        present = self._present(labels, ids)
        if wide.shape[1] == 1:
            self._columns = _columns([1] * self.n_tasks_)
            return Numbers(wide[:, 0], self._owners(), ids.task)
        self._columns = np.where(present, np.cumsum(present.ravel()).reshape(present.shape) - 1, -1)
        if self.couples_classes():
            return Numbers(self._spread(wide, ids.task), self._owners())
        rows, classes = np.nonzero(present[ids.task])
        task = self._columns[ids.task[rows], classes]
        return Numbers(wide[rows, classes], self._owners(), task, rows)

    def _spread(self, labels: np.ndarray, task: np.ndarray) -> np.ndarray:
        """Labels of classes in the columns of each row's task, (n, n_columns)."""
        spread = np.full((len(labels), len(self._owners())), np.nan)
        rows, classes = np.nonzero(self._columns[task] >= 0)
        spread[rows, self._columns[task[rows], classes]] = labels[rows, classes]
        return spread

    def _owners(self) -> np.ndarray:
        """The task of each column of scores."""
        return np.nonzero(self._columns >= 0)[0]

    def _classes(self, labels: np.ndarray, task: Any) -> np.ndarray:
        observed = labels[~missing(labels)]
        classes = np.unique(observed.astype(str) if observed.dtype.kind == "O" else observed)
        if len(classes) < 2:
            where = "" if task is None else f" of task {plain(task)!r}"
            sentence = (
                f"{type(self).__name__} needs labels of two classes or more. The labels{where} hold one "
                f"class, {plain(classes[0])!r}: leave them out."
            )
            raise DataError(sentence)
        return classes

    def _present(self, labels: np.ndarray, ids: TaskIds) -> np.ndarray:
        """Which classes the rows of each task hold, (n_tasks, n_classes); two at least."""
        present = np.zeros((self.n_tasks_, len(self.classes_)), dtype=bool)
        present[ids.task, np.searchsorted(self.classes_, labels.astype(self.classes_.dtype))] = True
        if (present.sum(axis=1) < 2).any():
            name = plain(ids.known[int(np.flatnonzero(present.sum(axis=1) < 2)[0])])
            sentence = (
                f"{type(self).__name__} needs labels of two classes in each task. Those of task {name!r} "
                "hold one class: leave its rows out."
            )
            raise DataError(sentence)
        return present

    def decision_function(self, X: Any, *, tasks: Any = None) -> Any:
        """Scores of classes.

        Parameters
        ----------
        X : array, sparse array or data frame of shape (n, n_features)
        tasks : array of shape (n,), optional
            The id of each row's task, by whose scores it is judged.

        Returns
        -------
        array of shape (n,), (n, n_classes) or (n, n_tasks), or list of arrays
            (n,) of two classes, those above 0 for the second. Of several tasks, where `tasks` is not given,
            (n, n_tasks) if all have two classes, else a list with an array per task.
        """
        return self._by_class(self.scores, *self._checked(X, tasks))

    def log_odds(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores from which `probability` computes; the scores themselves by default.

        Parameters
        ----------
        X, task
            As for `scores`.
        """
        return self.scores(X, task)

    def _by_class(self, scores_of: Callable[..., np.ndarray], X: Any, task: Any) -> Any:
        """Scores in the forms that `decision_function` answers."""
        if task is None:
            scores = scores_of(X, None)
            if self._columns.shape[1] == 1 and not self._one:
                return scores
            each = [_of_columns(scores, columns) for columns in self._columns]
            return each[0] if self._one else each
        columns = self._columns_of(task)
        each_class = [
            np.where(own >= 0, scores_of(X, np.maximum(own, 0)), -np.inf) for own in columns.T
        ]
        return each_class[0] if len(each_class) == 1 else np.stack(each_class, axis=1)

    def _columns_of(self, task: np.ndarray) -> np.ndarray:
        """Columns of scores of the classes of each row's task, (n, n_classes), -1 where it has none.

        Tasks that were not learned, numbered from `n_tasks_` on, have columns after those of the others.
        """
        unknown = task >= self.n_tasks_
        if unknown.any() and isinstance(self.classes_, list):
            sentence = (
                f"{type(self).__name__} answers tasks that were not learned only where all tasks have the same "
                "classes. Name tasks that were learned."
            )
            raise DataError(sentence)
        columns: np.ndarray = self._columns[np.where(unknown, 0, task)]
        n_columns = columns.shape[1]
        first = len(self._owners()) + n_columns * (task[unknown] - self.n_tasks_)
        columns[unknown] = first[:, None] + np.arange(n_columns)
        return columns

    def predict(self, X: Any, *, tasks: Any = None) -> np.ndarray:
        """The likeliest classes.

        Parameters
        ----------
        X, tasks
            As for `decision_function`.

        Returns
        -------
        array of shape (n,) or (n, n_tasks)
            (n,) of a single task, or with `tasks`.
        """
        scores = self.decision_function(X, tasks=tasks)
        if not self._answers_all(tasks):
            return _decided(scores, self.classes_)
        each = zip(_by_task(scores), self._classes_of_tasks(), strict=True)
        return np.stack([_decided(own, classes) for own, classes in each], axis=1)

    def _has_probabilities(self) -> bool:
        return self.probability(np.zeros(1)) is not None

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator] # scikit-learn's
    def predict_proba(self, X: Any, *, tasks: Any = None) -> Any:
        """Probabilities of classes, in the order of `classes_`.

        Of more than two classes, those of each against the rest, divided by their sum, unless the loss is of
        all together.

        Parameters
        ----------
        X, tasks
            As for `decision_function`.

        Returns
        -------
        array of shape (n, n_classes) or (n, n_tasks), or list of arrays
            Of several tasks, where `tasks` is not given, those of the second class, (n, n_tasks), if all
            have two classes, else a list with an array (n, n_classes) per task.
        """
        scores = self._by_class(self.log_odds, *self._checked(X, tasks))
        if isinstance(scores, list):
            return list(map(self._shares, scores))
        return self.probability(scores) if self._answers_all(tasks) else self._shares(scores)

    def _shares(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities of the classes of a task, one column per class."""
        together = self.probabilities(scores) if scores.ndim == 2 else None
        return (
            together if together is not None else _probabilities(scores, self.probability(scores))
        )

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, tasks: Any = None) -> float:
        """The mean over tasks of the share of right classes, on their labelled rows.

        Parameters
        ----------
        X, y, tasks, sample_weight
            As for `fit`; a task may have no label.
        """
        predicted = self.predict(X, tasks=tasks)
        return self._mean_score(accuracy_score, predicted, y, tasks, sample_weight)

    def _answers_all(self, tasks: Any) -> bool:
        """Whether each row is answered for several tasks."""
        return not self._one and tasks is None

    def _classes_of_tasks(self) -> list[np.ndarray]:
        known: Any = self.classes_
        return known if isinstance(known, list) else [known] * self.n_tasks_


def _by_task(scores: Any) -> list[np.ndarray]:
    return scores if isinstance(scores, list) else list(scores.T)


def _n_scores(classes: np.ndarray) -> int:
    return 1 if len(classes) == 2 else len(classes)


def _columns(sizes: list[int]) -> Any:
    """Columns of scores of each task, (n_tasks, most), -1 where a task has fewer."""
    table = np.full((len(sizes), max(sizes)), -1)
    first = 0
    for task, size in enumerate(sizes):
        table[task, :size] = np.arange(first, first + size)
        first += size
    return table


def _of_columns(scores: np.ndarray, columns: np.ndarray) -> np.ndarray:
    own = scores[:, columns[columns >= 0]]
    return own[:, 0] if len(columns[columns >= 0]) == 1 else own


def _indicators(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """1 for a class and 0 for others, (n, 1) of two classes and (n, n_classes) of more; NaN if missing."""
    absent = missing(labels)
    known = np.where(absent, classes[0], labels).astype(classes.dtype)
    hot = (known[:, None] == classes).astype(float)
    hot[absent] = np.nan
    return hot[:, 1:] if len(classes) == 2 else hot


def _decided(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    decided: np.ndarray = (
        classes[(scores > 0).astype(int)] if scores.ndim == 1 else classes[scores.argmax(axis=1)]
    )
    return decided


def _probabilities(scores: np.ndarray, share: Any) -> np.ndarray:
    """A column per class, of scores and the probabilities of each against the rest."""
    if scores.ndim == 1:
        return np.stack([1 - share, share], axis=1)
    total = share.sum(axis=1, keepdims=True)
    even = (scores > -np.inf) / (scores > -np.inf).sum(axis=1, keepdims=True)
    return np.where(total > 0, share / np.where(total > 0, total, 1.0), even)
