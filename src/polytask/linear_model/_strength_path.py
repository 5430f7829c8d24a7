"""Paths of decreasing strengths, and their folds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from polytask._estimator import TaskTable
from polytask.datafits import Datafit
from polytask.exceptions import DataError
from polytask.linear_model._linear_estimator import row_scores

__all__ = ["folds_of_tasks", "loss_of_rows", "strengths"]


def strengths(largest: float, ratio: float, n_alphas: int) -> Float64[np.ndarray, " n"]:
    """Strengths from the largest down to its `ratio`, evenly on a logarithmic scale.

    Examples
    --------
    >>> from polytask.linear_model._strength_path import strengths
    >>> strengths(1.0, 0.01, 3)
    array([1.  , 0.1 , 0.01])
    """
    return max(largest, 1e-300) * np.logspace(0.0, np.log10(ratio), n_alphas)


def loss_of_rows(
    datafit: Datafit,
    table: TaskTable,
    coef: Float64[np.ndarray, "tasks features"],
    intercept: Float64[np.ndarray, " tasks"],
) -> float:
    """The sum over tasks, times their weights, of mean losses of labelled rows."""
    labels = table.labels
    weights = np.ones(labels.shape) if table.weights is None else table.weights
    if table.task is None:
        known = ~np.isnan(labels)
        scores = np.asarray(table.X @ coef.T) + intercept
        losses = weights * known * datafit.loss(scores, np.where(known, labels, 0.0))
        total, sums = (weights * known).sum(axis=0), losses.sum(axis=0)
    else:
        scores = row_scores(table.X, coef, intercept, table.task)
        losses = weights * datafit.loss(scores, labels)
        total = np.bincount(table.task, weights, table.n_tasks)
        sums = np.bincount(table.task, losses, table.n_tasks)
    means = sums / np.where(total > 0, total, 1.0)
    return float(means.sum() if table.task_weights is None else table.task_weights @ means)


def folds_of_tasks(
    owner: str, table: TaskTable, n_folds: int, random_state: Any
) -> Iterator[tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]]]:
    """Training and test rows of folds with about as many labels of each task, exactly of rare ones.

    Parameters
    ----------
    owner : str
        Whose folds they are, for the error.
    table : TaskTable
    n_folds : int
    random_state : int, Generator or None
        None keeps the order of rows.

    Raises
    ------
    DataError
        If a task has fewer labelled rows than there are folds.
    """
    n_rows = len(table.labels)
    labelled = _labelled_rows(table)
    if labelled.min() < n_folds:
        position = int(labelled.argmin())
        sentence = (
            f"The `cv` parameter of {owner} must be at most the number of labelled rows of each task. Task "
            f"{position} has {labelled[position]}, and there are {n_folds} folds. Give fewer folds, or leave "
            "the task out."
        )
        raise DataError(sentence)
    order = np.arange(n_rows)
    if random_state is not None:
        order = np.random.default_rng(random_state).permutation(n_rows)
    fold = np.full(n_rows, -1)
    counts = np.zeros((table.n_tasks, n_folds), dtype=int)
    for position in np.argsort(labelled, kind="stable"):  # rare tasks first
        own = order[_is_labelled(table, position)[order] & (fold[order] < 0)]
        fold[own] = np.argsort(counts[position], kind="stable")[np.arange(len(own)) % n_folds]
        counts += _counts(table, fold, own, n_folds)
    _check_folds(owner, counts)
    for each in range(n_folds):
        yield np.flatnonzero(fold != each), np.flatnonzero(fold == each)


def _is_labelled(table: TaskTable, task: int) -> np.ndarray:
    if table.task is not None:
        return np.asarray(table.task == task)
    return ~np.isnan(table.labels[:, task])


def _counts(table: TaskTable, fold: np.ndarray, rows: np.ndarray, n_folds: int) -> np.ndarray:
    """Labels of each task in each fold, of some rows, (n_tasks, n_folds)."""
    counts = np.zeros((table.n_tasks, n_folds), dtype=int)
    if table.task is not None:
        np.add.at(counts, (table.task[rows], fold[rows]), 1)
        return counts
    known = ~np.isnan(table.labels[rows])
    for each in range(n_folds):
        counts[:, each] = known[fold[rows] == each].sum(axis=0)
    return counts


def _check_folds(owner: str, counts: np.ndarray) -> None:
    """Raise if all labels of a task are in one fold."""
    alone = (counts > 0).sum(axis=1) < 2
    if alone.any():
        sentence = (
            f"The `cv` parameter of {owner} must leave labels of each task to learn from. All those of task "
            f"{int(alone.argmax())} are in one fold: give another `random_state`, or leave the task out."
        )
        raise DataError(sentence)


def _labelled_rows(table: TaskTable) -> Int[np.ndarray, " tasks"]:
    if table.task is not None:
        return np.bincount(table.task, minlength=table.n_tasks)
    counts: np.ndarray = (~np.isnan(table.labels)).sum(axis=0)
    return counts
