"""Labelled rows as estimators take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.data import Source
from polytask.tasks import FittedTarget, Task

__all__ = ["Rows", "labelled_rows", "pooled_rows", "side_by_side"]


@dataclass(frozen=True, eq=False)
class Rows:
    """A matrix, target columns and row weights.

    Attributes
    ----------
    X : matrix of n rows
    Y : array of shape (n, c)
        Standardised numbers (or in the user's units, where these were asked for) or class codes;
        NaN where missing, and for a class that was not seen in training.
    weight : array of shape (n,) or None
    """

    X: Any
    Y: np.ndarray
    weight: np.ndarray | None

    def __len__(self) -> int:
        return len(self.Y)

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows, by position or by mask."""
        weight = None if self.weight is None else self.weight[rows]
        return Rows(self.X[rows], self.Y[rows], weight)

    def column(self, position: int) -> Rows:
        """The rows on which one target column is observed, with that column alone."""
        Y = self.Y[:, position : position + 1]
        return Rows(self.X, Y, self.weight).complete()

    def complete(self) -> Rows:
        """The rows on which every target column is observed."""
        observed = np.isfinite(self.Y).all(axis=1)
        return self if observed.all() else self.take(observed)


def labelled_rows(
    X: Any, source: Source, task: Task, target: FittedTarget, *, standardized: bool = True
) -> Rows:
    """The rows of a source on which a task has a label; `X` is the matrix of all its rows."""
    rows = source.labelled().rows(task.name)
    weight = None if source.weights is None else source.row_weights()[rows]
    return Rows(X[rows], _labels(source, task, target, standardized), weight)


def pooled_rows(
    X: Any,
    source: Source,
    tasks: Sequence[Task],
    target: FittedTarget,
    *,
    standardized: bool = True,
) -> Rows:
    """The labelled rows of several tasks that have rows of their own, as if they were one task."""
    Y = np.full((source.n_rows, len(target.columns)), np.nan)
    for task in tasks:
        Y[source.labelled().rows(task.name)] = _labels(source, task, target, standardized)
    return _rows(X, source, Y)


def side_by_side(
    X: Any,
    source: Source,
    tasks: Sequence[Task],
    targets: Sequence[FittedTarget],
    *,
    standardized: bool = True,
) -> Rows:
    """The rows on which any task has a label, with the columns of all tasks side by side."""
    tables = []
    for task, target in zip(tasks, targets, strict=True):
        table = np.full((source.n_rows, len(target.columns)), np.nan)
        table[source.labelled().rows(task.name)] = _labels(source, task, target, standardized)
        tables.append(table)
    return _rows(X, source, np.hstack(tables))


def _rows(X: Any, source: Source, Y: np.ndarray) -> Rows:
    weight = None if source.weights is None else source.row_weights()
    return Rows(X, Y, weight).take(np.isfinite(Y).any(axis=1))


def _labels(source: Source, task: Task, target: FittedTarget, standardized: bool) -> np.ndarray:
    """Labels of the labelled rows as an estimator learns them."""
    columns = list(source.labelled().columns(task.name).values())
    kind, shape = task.known_kind, (len(columns[0]), len(columns))
    encoded = kind.encode(columns, target).reshape(shape).astype(np.float64)
    if standardized or not target.scale:
        return encoded
    return kind.truth(columns, target).reshape(shape)
