"""Labelled rows in the three forms that joint estimators are fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from polytask.data import MultiTaskDataset, Source
from polytask.learners._joint_pools import Pool
from polytask.learners._rows import balance_of, labels_of
from polytask.tasks import FittedTarget, Task

__all__ = ["JointRows", "joint_rows"]


@dataclass(frozen=True, eq=False)
class JointRows:
    """A matrix, labels, and what a joint estimator must know of them.

    Attributes
    ----------
    X : matrix of n rows
    Y : array of shape (n, n_outputs) or (n,)
        Labels as `Kind.estimator_labels` gives them; NaN where missing, which (n,) holds none of.
    tasks : array of shape (n,) or None
        The output of each row, if rows have one each.
    weight : array like Y or None
        Row weights of mean 1 over the labels of each output, times class weights; None if all are 1.
    completed : int
        Events of which the rows hold one class alone, so that a row of the other was added.
    """

    X: Any
    Y: np.ndarray
    tasks: np.ndarray | None
    weight: np.ndarray | None
    completed: int = 0

    def __len__(self) -> int:
        return len(self.Y)


@dataclass(frozen=True, eq=False)
class _Labels:
    """Observed labels of one output in one source; rows are those of the pool."""

    output: int
    rows: np.ndarray
    values: np.ndarray
    weight: np.ndarray


def joint_rows(
    X: Any,
    pool: Pool,
    train: MultiTaskDataset,
    targets: Mapping[str, FittedTarget],
    *,
    standardized: bool,
) -> JointRows:
    """The labelled rows of a pool: those of one task, of one task each, or a table with gaps.

    Parameters
    ----------
    X : matrix
        Of the rows of all sources of the pool, one after another.
    pool : Pool
    train : MultiTaskDataset
    targets : mapping of task to FittedTarget
    standardized : bool
        Whether numbers are learned in standard deviations.
    """
    outputs = pool.outputs(targets)
    n_outputs = sum(map(len, outputs.values()))
    labels = _all_labels(pool, train, targets, outputs, standardized)
    X, labels, completed = _completed(X, labels, n_outputs, events=pool.family == "events")
    weighted = any((each.weight != 1).any() for each in labels)
    of_one_output = n_outputs == len(outputs) and pool.one_task_per_row
    if n_outputs == 1 or (of_one_output and _same_classes(pool, targets)):
        rows = np.concatenate([each.rows for each in labels])
        index = np.repeat([each.output for each in labels], [len(each.rows) for each in labels])
        return JointRows(
            X[rows],
            np.concatenate([each.values for each in labels]),
            None if n_outputs == 1 else index,
            np.concatenate([each.weight for each in labels]) if weighted else None,
            completed,
        )
    rows = np.unique(np.concatenate([each.rows for each in labels]))
    Y = np.full((len(rows), n_outputs), np.nan)
    weight = np.ones_like(Y)
    for each in labels:
        position = np.searchsorted(rows, each.rows)
        Y[position, each.output] = each.values
        weight[position, each.output] = each.weight
    return JointRows(X[rows], Y, None, weight if weighted else None, completed)


def _completed(
    X: Any, labels: list[_Labels], n_outputs: int, *, events: bool
) -> tuple[Any, list[_Labels], int]:
    """With a row of mean inputs and the other class for events that always or never happened.

    Estimators learn no single class; the answer is near the frequency that one more row gives.
    """
    if not events:
        return X, labels, 0
    known: list[set[float]] = [set() for _ in range(n_outputs)]
    for each in labels:
        known[each.output].update(each.values.tolist())
    place, one = np.array([X.shape[0]]), np.ones(1)
    added = [
        _Labels(output, place, np.array([event]), one)
        for output, values in enumerate(known)
        for event in (0.0, 1.0)
        if event not in values
    ]
    return _with_mean_row(X) if added else X, labels + added, len(added)


def _with_mean_row(X: Any) -> Any:
    """The rows, and one of the mean of each column's observed values."""
    if sparse.issparse(X):
        return sparse.vstack([X, sparse.csr_array(X.mean(axis=0)[None])], format="csr")
    observed = np.isfinite(X)
    counts = np.maximum(observed.sum(axis=0), 1)
    return np.vstack([X, np.where(observed, X, 0.0).sum(axis=0) / counts])


def _same_classes(pool: Pool, targets: Mapping[str, FittedTarget]) -> bool:
    """Whether a code means the same in all tasks, as their common classes must."""
    known = {targets[task.name].classes for task in pool.tasks}
    return pool.family != "classes" or len(known) == 1


def _all_labels(
    pool: Pool,
    train: MultiTaskDataset,
    targets: Mapping[str, FittedTarget],
    outputs: Mapping[str, Sequence[int]],
    standardized: bool,
) -> list[_Labels]:
    labels: list[_Labels] = []
    for task in pool.tasks:
        start = 0
        for source in pool.sources:
            if task.name in source.tasks.names:
                weight = train.unit_weights(task.name)[source.name]
                found = _labels_in(source, task, targets[task.name], weight, standardized)
                labels += [
                    _Labels(outputs[task.name][column], start + rows, values, own)
                    for column, rows, values, own in found
                ]
            start += source.n_rows
    return labels


def _labels_in(
    source: Source, task: Task, target: FittedTarget, weight: np.ndarray, standardized: bool
) -> Sequence[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """By column of a task, the rows of the source with a label, the labels and their weights."""
    rows = source.labelled().rows(task.name)
    Y, factor = labels_of(source, task, target, standardized)
    for each in (factor, balance_of(Y, task, target)):
        weight = weight if each is None else weight * each
    seen = np.isfinite(Y).T
    return [
        (column, rows[observed], Y[observed, column], weight[observed])
        for column, observed in enumerate(seen)
    ]
