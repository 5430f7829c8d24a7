"""The rows that an estimator learns from, after they were checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64, Int

__all__ = ["ObservedLabels", "TaskTable"]


class ObservedLabels(NamedTuple):
    """Labels of several tasks in one list.

    Attributes
    ----------
    row, task : array of shape (n_labels,), int
        Row of X and task of each label, task by task within a row.
    label, weight : array of shape (n_labels,)
    """

    row: Int[np.ndarray, " labels"]
    task: Int[np.ndarray, " labels"]
    label: Float64[np.ndarray, " labels"]
    weight: Float64[np.ndarray, " labels"]


@dataclass(frozen=True, eq=False)
class TaskTable:
    """Inputs, labels and weights of several tasks.

    Attributes
    ----------
    X : array or sparse CSR array of shape (n, n_features), float64
    labels : array of shape (n, n_tasks), or (n,) where each row belongs to one task
        Numbers; NaN where a label of a shared row is missing.
    task : array of shape (n,), int, or None
        The task of each row, 0 … n_tasks − 1; None where tasks share their rows.
    weights : array of the shape of labels, or None
        Weights of rows; None stands for ones.
    n_tasks : int
    task_weights : array of shape (n_tasks,), or None
        Factors of the tasks' losses; None stands for ones.
    rows : array of shape (n,), int, or None
        Positions among the rows that `fit` received; None where all are there in order.
    """

    X: Any
    labels: Float64[np.ndarray, "..."]
    task: Int[np.ndarray, " n"] | None
    weights: Float64[np.ndarray, "..."] | None
    n_tasks: int
    task_weights: Float64[np.ndarray, " tasks"] | None = None
    rows: Int[np.ndarray, " n"] | None = None

    def observed(self) -> ObservedLabels:
        """The labels whose weights are above 0."""
        weights = np.ones(self.labels.shape) if self.weights is None else self.weights
        used = ~np.isnan(self.labels) & (weights > 0)
        row = np.nonzero(used)[0]
        task = np.nonzero(used)[1] if self.task is None else self.task[row]
        return ObservedLabels(row, task, self.labels[used], weights[used])

    def of_task(self, task: int) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Inputs, labels and weights of one task's labelled rows."""
        if self.task is not None:
            rows = np.flatnonzero(self.task == task)
            labels = self.labels[rows]
            weights = None if self.weights is None else self.weights[rows]
        else:
            rows = np.flatnonzero(~np.isnan(self.labels[:, task]))
            labels = self.labels[rows, task]
            weights = None if self.weights is None else self.weights[rows, task]
        return self.X[rows], labels, weights

    def take(self, rows: Int[np.ndarray, " m"]) -> TaskTable:
        """A selection of rows, of the same tasks."""
        task = None if self.task is None else self.task[rows]
        weights = None if self.weights is None else self.weights[rows]
        places = rows if self.rows is None else self.rows[rows]
        return replace(
            self,
            X=self.X[rows],
            labels=self.labels[rows],
            task=task,
            weights=weights,
            rows=places,
        )
