"""Labels of several tasks in one list, each with its row of inputs, its task and its weight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse

from polytask.estimators import TaskTable

__all__ = ["KernelRows"]


@dataclass(frozen=True, eq=False)
class KernelRows:
    """Labels with their rows, tasks and weights.

    Attributes
    ----------
    X : array or sparse CSR array of shape (n, n_features)
        Equal rows of tasks with rows of their own stand there once, unless sparse.
    row, task : array of shape (n_labels,), int
        Row of X and task of each label, task by task within a row.
    label, weight : array of shape (n_labels,)
        Weights are above 0 and sum to 1 in every task, times the factor of the task.
    n_tasks : int
    complete : bool
        Whether all tasks have the same rows with the same weights; labels then are those of a matrix (n,
        n_tasks), row by row.
    """

    X: Any
    row: Int[np.ndarray, " labels"]
    task: Int[np.ndarray, " labels"]
    label: Float64[np.ndarray, " labels"]
    weight: Float64[np.ndarray, " labels"]
    n_tasks: int
    complete: bool

    @classmethod
    def of(cls, table: TaskTable) -> KernelRows:
        """The labels of a checked table; those of weight 0 are left out."""
        row, task, label, weight = table.observed()
        sums = np.bincount(task, weight, table.n_tasks)
        factors = np.ones(table.n_tasks) if table.task_weights is None else table.task_weights
        weight = weight * (factors / sums)[task]
        complete = False
        if table.task is None and len(label) == table.labels.size:
            wide = weight.reshape(table.labels.shape)
            complete = bool(np.allclose(wide, wide[:, :1], rtol=1e-12, atol=0.0))
        X = table.X
        if table.task is not None and not sparse.issparse(X):
            X, row = _distinct(X, row)
        return cls(X, row, task, label, weight, table.n_tasks, complete)

    def with_labels(self, label: Float64[np.ndarray, " labels"]) -> KernelRows:
        """The same rows with other labels."""
        return replace(self, label=label)

    def take(self, chosen: np.ndarray) -> KernelRows:
        """Some of the labels; at least one of each task."""
        weight = self.share[chosen]
        sums = np.bincount(self.task[chosen], weight, self.n_tasks)
        factor = np.bincount(self.task, self.weight, self.n_tasks)
        task = self.task[chosen]
        weight = weight * (factor / np.where(sums > 0, sums, 1.0))[task]
        return KernelRows(
            self.X, self.row[chosen], task, self.label[chosen], weight, self.n_tasks, complete=False
        )

    def take_rows(self, chosen: np.ndarray) -> KernelRows:
        """Some of complete rows, with their inputs."""
        labels = (chosen[:, None] * self.n_tasks + np.arange(self.n_tasks)).ravel()
        row = np.repeat(np.arange(len(chosen)), self.n_tasks)
        return replace(self.take(labels), X=self.X[chosen], row=row, complete=True)

    @property
    def label_matrix(self) -> Float64[np.ndarray, "n tasks"]:
        """Labels (n, n_tasks) of complete rows."""
        return self.label.reshape(-1, self.n_tasks)

    @property
    def row_weight(self) -> Float64[np.ndarray, " n"]:
        """Weights (n,) of complete rows."""
        return self.weight.reshape(-1, self.n_tasks)[:, 0]

    @property
    def share(self) -> Float64[np.ndarray, " labels"]:
        """Weights that sum to 1 in every task."""
        share: np.ndarray = self.weight / np.bincount(self.task, self.weight)[self.task]
        return share

    def scale_gamma(self) -> float:
        """1 / (n_features · the variance of X); 1 where that is 0."""
        variance = self.input_variance()
        return 1 / (self.X.shape[1] * variance) if variance > 0 else 1.0

    def input_variance(self) -> float:
        """The variance of all entries of X, where every task counts the same."""
        share = np.bincount(self.row, self.share, self.X.shape[0]) / self.n_tasks
        if sparse.issparse(self.X):
            first = np.asarray(self.X.mean(axis=1)).ravel()
            second = np.asarray(self.X.multiply(self.X).mean(axis=1)).ravel()
            return float(share @ second - (share @ first) ** 2)
        centre = float(share @ self.X.mean(axis=1))
        return float(share @ np.square(self.X - centre).mean(axis=1))


def _distinct(X: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of inputs in the order of their first appearance, and the position of each label's row there."""
    _, first, number = np.unique(X, axis=0, return_index=True, return_inverse=True)
    if len(first) == len(X):
        return X, row
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    return X[first[order]], rank[number.ravel()][row]
