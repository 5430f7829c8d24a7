"""Paths of decreasing strengths, and their folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from polytask._listing import count
from polytask.datafits import Datafit
from polytask.estimators import TaskTable
from polytask.exceptions import DataError
from polytask.linear_model._label_counts import label_counts, task_counts
from polytask.linear_model._linear_estimator import row_scores

__all__ = ["check_split", "folds_of_tasks", "losses_of_tasks", "strengths"]


def strengths(largest: float, ratio: float, n_alphas: int) -> Float64[np.ndarray, " n"]:
    """Strengths from the largest down to its `ratio`, evenly on a logarithmic scale.

    Examples
    --------
    >>> from polytask.linear_model._strength_path import strengths
    >>> strengths(1.0, 0.01, 3)
    array([1.  , 0.1 , 0.01])
    """
    return max(largest, 1e-300) * np.logspace(0.0, np.log10(ratio), n_alphas)


def losses_of_tasks(
    datafit: Datafit,
    table: TaskTable,
    coef: Float64[np.ndarray, "tasks features"],
    intercept: Float64[np.ndarray, " tasks"],
) -> Float64[np.ndarray, " tasks"]:
    """Mean losses of labelled rows of each task (column of scores); 0 where it has none."""
    counts, total = label_counts(table), task_counts(table)
    labels = np.where(counts > 0, table.labels, 0.0)
    if table.task is None:
        scores = np.asarray(table.X @ coef.T) + intercept
        sums = (counts * datafit.loss(scores, labels)).sum(axis=0)
    else:
        scores = row_scores(table.X, coef, intercept, table.task)
        sums = np.bincount(table.task, counts * datafit.loss(scores, labels), table.n_tasks)
    means: np.ndarray = sums / np.where(total > 0, total, 1.0)
    return means


def folds_of_tasks(
    owner: str,
    table: TaskTable,
    n_folds: int,
    random_state: int | None,
    *,
    classes: bool,
    names: Sequence[Any],
) -> Iterator[tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]]]:
    """Training and test rows of folds with about as many labels of each task, exactly of rare ones.

    Parameters
    ----------
    owner : str
        Whose folds they are, for the error.
    table : TaskTable
    n_folds : int
    random_state : int or None
        None keeps the order of rows.
    classes : bool
        Whether the labels 0 and 1 are counted apart.
    names : sequence
        Ids of the tasks, for errors.

    Raises
    ------
    DataError
        If a task has fewer labels than there are folds, or all labels of a class are in one fold.
    """
    groups = _groups(table, classes=classes)
    _check_labels(owner, table, n_folds, names)
    n_rows = len(table.labels)
    order = np.arange(n_rows)
    if random_state is not None:
        order = np.random.default_rng(random_state).permutation(n_rows)
    fold = np.full(n_rows, -1)
    counts = np.zeros((n_folds, groups.shape[1]), dtype=int)
    for group in np.argsort(groups.sum(axis=0), kind="stable"):  # rare ones first
        own = order[groups[order, group] & (fold[order] < 0)]
        fold[own] = np.argsort(counts[:, group], kind="stable")[np.arange(len(own)) % n_folds]
        for each in range(n_folds):
            counts[each] += groups[own[fold[own] == each]].sum(axis=0)
    _check_folds(owner, counts, 2 if classes else 1, names)
    for each in range(n_folds):
        yield np.flatnonzero(fold != each), np.flatnonzero(fold == each)


def check_split(
    owner: str, table: TaskTable, train: np.ndarray, test: np.ndarray, names: Sequence[Any]
) -> None:
    """Raise if rows of a split have no labels to learn from, of some task, or none to test on."""
    known = (task_counts(table.take(rows)) > 0 for rows in (train, test))
    learned, tested = known
    if learned.all() and tested.any():
        return
    which = (
        f"Task {names[int(learned.argmin())]!r} has none"
        if not learned.all()
        else "There are none to test on"
    )
    sentence = (
        f"The `cv` parameter of {owner} must give positions of rows, with labels of each task to learn from and "
        f"labels to test on. {which} in one of the splits."
    )
    raise DataError(sentence)


def _groups(table: TaskTable, *, classes: bool) -> np.ndarray:
    """Which rows have a label of each task (and class), (n, n_groups), bool."""
    if table.task is None:
        labels = table.labels
        groups = [labels == 0, labels == 1] if classes else [~np.isnan(labels)]
        return np.concatenate(groups, axis=1)
    own = table.task[:, None] == np.arange(table.n_tasks)
    if not classes:
        return own
    ones = table.labels[:, None] == 1
    return np.concatenate([own & ~ones, own & ones], axis=1)


def _check_labels(owner: str, table: TaskTable, n_folds: int, names: Sequence[Any]) -> None:
    """Raise if a task has fewer labels than there are folds."""
    labelled = _groups(table, classes=False).sum(axis=0)
    if labelled.min() < n_folds:
        position = int(labelled.argmin())
        samples = count(int(labelled[position]), "sample")
        sentence = (
            f"The `cv` parameter of {owner} must be at most the number of labelled rows of each task. Task "
            f"{names[position]!r} has {samples}, and there are {n_folds} folds. Give fewer folds, or leave the "
            "task out."
        )
        raise DataError(sentence)


def _check_folds(owner: str, counts: np.ndarray, n_classes: int, names: Sequence[Any]) -> None:
    """Raise if all labels of a task, or of one of its classes, are in one fold."""
    alone = (counts > 0).sum(axis=0) < 2
    if alone.any():
        task = int(alone.argmax()) % (counts.shape[1] // n_classes)
        which = "a class of task" if n_classes > 1 else "task"
        sentence = (
            f"The `cv` parameter of {owner} must leave labels of each task to learn from. All those of {which} "
            f"{names[task]!r} are in one fold: give another `random_state`, or leave the task out."
        )
        raise DataError(sentence)
