"""Answers of one estimator of several tasks, task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from polytask.tasks import gives_probabilities

__all__ = ["answers_by_row", "answers_of_table", "is_joint"]

Answers = dict[str, list[Any]]
"""By task, what answers as a fitted estimator of its columns would."""


def is_joint(estimator: Any) -> bool:
    """Whether an estimator (or a class of them) learns several tasks: its `fit` takes ``tasks=``."""
    return "tasks" in signature(estimator.fit).parameters


def answers_of_table(
    estimator: Any,
    X: Any,
    columns: Mapping[str, Sequence[int]],
    rows: Mapping[str, np.ndarray | slice],
) -> Answers:
    """Predict all outputs of all rows once, and select those of each task.

    Parameters
    ----------
    estimator : estimator
        Fitted on Y (n, n_outputs).
    X : matrix of n rows
    columns : mapping of task to outputs
        Those that answer its columns.
    rows : mapping of task to rows
        Those that are predicted.
    """
    if not gives_probabilities(estimator):
        outputs = estimator.predict(X)
        return {
            name: [_Numbers(outputs[own][:, list(columns[name])])] for name, own in rows.items()
        }
    tables = _tables(estimator.predict_proba(X))
    known = estimator.classes_
    classes = known if isinstance(known, list) else [known] * len(tables)
    return {
        name: [_Probabilities(tables[k][own], classes[k]) for k in columns[name]]
        for name, own in rows.items()
    }


def _tables(probabilities: Any) -> list[np.ndarray]:
    """Probabilities (n, n_classes) of each output, from those of second classes, too."""
    if isinstance(probabilities, list):
        return probabilities
    return [np.column_stack([1 - second, second]) for second in np.asarray(probabilities).T]


def answers_by_row(
    estimator: Any,
    X: Any,
    columns: Mapping[str, Sequence[int]],
    rows: Mapping[str, np.ndarray],
) -> Answers:
    """Predict the rows of all tasks once, each by the output that answers it.

    Parameters
    ----------
    estimator : estimator
        Fitted with ``tasks=``; its ids are the outputs.
    X : matrix of n rows
    columns, rows
        As for `answers_of_table`; rows by their positions.
    """
    if not rows:
        return {}
    pairs = [(name, k) for name in rows for k in columns[name]]
    sizes = [len(rows[name]) for name, _ in pairs]
    chosen = np.concatenate([rows[name] for name, _ in pairs])
    tasks = np.repeat([k for _, k in pairs], sizes)
    classifies = gives_probabilities(estimator)
    predict = estimator.predict_proba if classifies else estimator.predict
    parts = np.split(predict(X[chosen], tasks=tasks), np.cumsum(sizes)[:-1])
    answers: Answers = {name: [] for name in rows}
    for (name, _), part in zip(pairs, parts, strict=True):
        answers[name].append(
            _Probabilities(part, estimator.classes_) if classifies else _Numbers(part)
        )
    return answers


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Predictions of a regressor."""

    values: np.ndarray

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions."""
        del X
        return self.values


@dataclass(frozen=True, eq=False)
class _Probabilities:
    """Probabilities of a classifier."""

    values: np.ndarray
    classes_: np.ndarray

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities."""
        del X
        return self.values
