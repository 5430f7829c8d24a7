"""Labelled rows in the form that estimators are fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.data import Source, unit_mean
from polytask.tasks import FittedTarget, Task, class_weights

__all__ = ["Rows", "balance_of", "labels_of", "pooled_rows", "side_by_side", "task_rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """A matrix, target columns and row weights.

    Attributes
    ----------
    X : matrix of n rows
    Y : array of shape (n, n_cells)
        Encoded labels (or numbers in the user's units, if requested); NaN where missing, and for a
        class not seen in training.
    weight : array of shape (n,) or None
        Row weights, whose scale has no effect.
    balance : array of shape (n,) or None
        Weights of classes, whose scale has an effect.
    """

    X: Any
    Y: np.ndarray
    weight: np.ndarray | None = None
    balance: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.Y)

    def take(self, rows: np.ndarray) -> Rows:
        """A selection of rows, by position or by mask."""
        weight, balance = (
            None if array is None else array[rows] for array in (self.weight, self.balance)
        )
        return Rows(self.X[rows], self.Y[rows], weight, balance)

    def column(self, position: int) -> Rows:
        """The rows with an observed value in one target column, with that column only."""
        Y = self.Y[:, position : position + 1]
        return Rows(self.X, Y, self.weight, self.balance).complete()

    def complete(self) -> Rows:
        """The rows with observed values in all target columns."""
        observed = np.isfinite(self.Y).all(axis=1)
        return self if observed.all() else self.take(observed)

    def sample_weight(self) -> np.ndarray | None:
        """Row weights of mean 1, times class weights; None if all are 1."""
        if self.weight is None:
            return self.balance
        weight = _rounded(unit_mean(self.weight))
        if self.balance is not None:
            return weight * self.balance
        return None if (weight == 1).all() else weight


def task_rows(
    X: Any, source: Source, task: Task, target: FittedTarget, *, standardized: bool = True
) -> Rows:
    """The rows of a source that have a task's label; `X` is the matrix of all its rows."""
    rows = source.labelled().rows(task.name)
    weight = None if source.weights is None else source.weights_of(task.name)
    Y, factor = labels_of(source, task, target, standardized)
    return Rows(X[rows], Y, _product(weight, factor), balance_of(Y, task, target))


def pooled_rows(
    X: Any,
    source: Source,
    tasks: Sequence[Task],
    targets: Sequence[FittedTarget],
    *,
    standardized: bool = True,
) -> Rows:
    """The labelled rows of several tasks with rows of their own, stacked as one task.

    The mean row weight of each task is the task's weight, as in a network's losses.
    """
    pairs = list(zip(tasks, targets, strict=True))
    tables = [labels_of(source, task, target, standardized) for task, target in pairs]
    Y = np.full((source.n_rows, tables[0][0].shape[1]), np.nan)
    weight, balance = np.ones(source.n_rows), np.ones(source.n_rows)
    for (task, target), (labels, factor) in zip(pairs, tables, strict=True):
        rows = source.labelled().rows(task.name)
        Y[rows] = labels
        own = source.weights_of(task.name)
        weight[rows] = unit_mean(own if factor is None else own * factor) * task.weight
        factors = balance_of(labels, task, target)
        if factors is not None:
            balance[rows] = factors
    plain = (balance == 1).all()
    all_rows = Rows(X, Y, weight, None if plain else balance)
    return all_rows.take(np.isfinite(Y).any(axis=1))


def side_by_side(
    X: Any,
    source: Source,
    tasks: Sequence[Task],
    targets: Sequence[FittedTarget],
    *,
    standardized: bool = True,
) -> Rows:
    """The rows that have any task's label, with the columns of all tasks side by side.

    The weight of a row is the mean of its weights for the tasks that label it.
    """
    tables = []
    weights = np.full((source.n_rows, len(tasks)), np.nan)
    for position, (task, target) in enumerate(zip(tasks, targets, strict=True)):
        rows = source.labelled().rows(task.name)
        labels, _ = labels_of(source, task, target, standardized)
        table = np.full((source.n_rows, labels.shape[1]), np.nan)
        table[rows] = labels
        tables.append(table)
        weights[rows, position] = unit_mean(source.weights_of(task.name))
    Y = np.hstack(tables)
    labelled = np.isfinite(Y).any(axis=1)
    weight = None if source.weights is None else np.nanmean(weights[labelled], axis=1)
    return Rows(X[labelled], Y[labelled], weight)


def labels_of(
    source: Source, task: Task, target: FittedTarget, standardized: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """What an estimator learns on the labelled rows, and a factor of their weights."""
    columns = list(source.labelled().columns(task.name).values())
    return task.known_kind.estimator_labels(columns, target, standardized=standardized)


def _rounded(weight: np.ndarray) -> np.ndarray:
    """Weights without their last digits, which a common factor changes, and ties of trees with them."""
    mantissa, exponent = np.frexp(weight)
    return np.ldexp(np.round(mantissa * 2.0**40) / 2.0**40, exponent)


def _product(weight: np.ndarray | None, factor: np.ndarray | None) -> np.ndarray | None:
    """Row weights times a factor; None stands for ones."""
    if weight is None or factor is None:
        return factor if weight is None else weight
    return weight * factor


def balance_of(Y: np.ndarray, task: Task, target: FittedTarget) -> np.ndarray | None:
    """The weight of each row's class; None if all are equal."""
    weighting = task.class_weighting
    if isinstance(weighting, Mapping) and task.class_weight is None:  # a loss may serve other tasks
        weighting = {
            label: factor for label, factor in weighting.items() if label in target.classes
        }
    weights = class_weights(f"task {task.name!r}", weighting, target)
    if weights is None:
        return None
    codes = Y[:, 0]
    known = np.isfinite(codes)
    return np.where(known, np.array(weights)[np.where(known, codes, 0).astype(np.int64)], 1.0)
