"""Standardised rows and labels of several tasks in one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from polytask.estimators import TaskTable

__all__ = ["LabelledRows", "Units"]


class Units(NamedTuple):
    """Means of labels, and standard deviations of labels and features; 1 in place of 0.

    Attributes
    ----------
    mean, spread : array of shape (n_tasks,)
    features : array of shape (n_features,)
    varies : array of shape (n_features,), bool
        Features that are not constant.
    """

    mean: Float64[np.ndarray, " tasks"]
    spread: Float64[np.ndarray, " tasks"]
    features: Float64[np.ndarray, " p"]
    varies: np.ndarray


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Labels with their rows, tasks and weights.

    Attributes
    ----------
    X : array of shape (n, n_features)
        Features of standard deviation 1 over labels.
    row, task : array of shape (n_labels,), int
    label : array of shape (n_labels,)
        Of mean 0 and standard deviation 1 in every task.
    weight : array of shape (n_labels,)
        How many rows a label stands for.
    n_tasks : int
    complete : bool
        Whether tasks share all rows, each of weight 1; labels are then those of a matrix, row by row.
    units : Units
    """

    X: Float64[np.ndarray, "n p"]
    row: Int[np.ndarray, " labels"]
    task: Int[np.ndarray, " labels"]
    label: Float64[np.ndarray, " labels"]
    weight: Float64[np.ndarray, " labels"]
    n_tasks: int
    complete: bool
    units: Units

    @classmethod
    def of(cls, table: TaskTable) -> LabelledRows:
        """The labels of a checked table; factors of tasks multiply the weights of their rows."""
        row, task, label, weight = table.observed()
        if table.task_weights is not None:
            weight = weight * table.task_weights[task]
        mean, spread = _moments(label, task, weight, table.n_tasks)
        count = np.bincount(row, weight, len(table.X))
        share = count / count.sum()
        variance = share @ np.square(table.X - share @ table.X)
        varies = variance > 1e-20 * np.square(np.abs(table.X).max(axis=0))
        features = np.where(varies, np.sqrt(variance), 1.0)
        whole = table.task is None and len(label) == table.labels.size
        return cls(
            table.X / features,
            row,
            task,
            (label - mean[task]) / spread[task],
            weight,
            table.n_tasks,
            complete=whole and bool((weight == 1).all()),
            units=Units(mean, spread, features, varies),
        )

    @property
    def matrix(self) -> Float64[np.ndarray, "n tasks"]:
        """Labels of complete rows."""
        return self.label.reshape(-1, self.n_tasks)


def _moments(
    label: np.ndarray, task: np.ndarray, weight: np.ndarray, n_tasks: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each task; 1 where all labels are equal."""
    total = np.bincount(task, weight, n_tasks)
    mean = np.bincount(task, weight * label, n_tasks) / total
    square = np.bincount(task, weight * np.square(label - mean[task]), n_tasks) / total
    largest = np.zeros(n_tasks)
    np.maximum.at(largest, task, np.abs(label))
    return mean, np.where(square > 1e-20 * np.square(largest), np.sqrt(square), 1.0)
