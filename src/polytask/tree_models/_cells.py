"""Labels of several tasks, one after another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int

from polytask.estimators import TaskTable

__all__ = ["LabelledCells"]


@dataclass(frozen=True, eq=False)
class LabelledCells:
    """The observed labels of several tasks.

    Attributes
    ----------
    row : array of shape (n_cells,), int
        The row of X of each label.
    task : array of shape (n_cells,), int
    label : array of shape (n_cells,)
    weight : array of shape (n_cells,)
        Of mean 1; the total of each task is the same, times its weight.
    n_tasks : int
    """

    row: Int[np.ndarray, " cells"]
    task: Int[np.ndarray, " cells"]
    label: Float64[np.ndarray, " cells"]
    weight: Float64[np.ndarray, " cells"]
    n_tasks: int

    @classmethod
    def of(cls, table: TaskTable) -> LabelledCells:
        """Those of a table, without cells of weight 0."""
        row, task, label, weight = table.observed()
        weight = weight / np.bincount(task, weight, minlength=table.n_tasks)[task]
        if table.task_weights is not None:
            weight = weight * table.task_weights[task]
        weight = weight / weight.mean()
        return cls(row, task, label, weight, table.n_tasks)

    def take(
        self, chosen: Bool[np.ndarray, " cells"] | Int[np.ndarray, " chosen"]
    ) -> LabelledCells:
        """Some of the cells, of the same rows and tasks."""
        return replace(
            self,
            row=self.row[chosen],
            task=self.task[chosen],
            label=self.label[chosen],
            weight=self.weight[chosen],
        )

    def with_labels(self, label: Float64[np.ndarray, " cells"]) -> LabelledCells:
        """Other labels of the same cells."""
        return replace(self, label=label)

    def unit_weights(self) -> Float64[np.ndarray, " cells"]:
        """Weights of mean 1 in every task."""
        counts = np.bincount(self.task, minlength=self.n_tasks)
        mass = np.bincount(self.task, self.weight, minlength=self.n_tasks)
        return self.weight * (counts / np.where(mass > 0, mass, 1.0))[self.task]

    def totals(self, values: Float64[np.ndarray, " cells"]) -> Float64[np.ndarray, " tasks"]:
        """The weighted sum of values in each task."""
        totals = np.bincount(self.task, self.weight * values, minlength=self.n_tasks)
        return totals.astype(np.float64, copy=False)  # counts of no cells are whole

    def means(self, values: Float64[np.ndarray, " cells"]) -> Float64[np.ndarray, " tasks"]:
        """The weighted mean of values in each task; 0 where it has no cell."""
        mass = self.totals(np.ones(len(self.task)))
        return self.totals(values) / np.where(mass > 0, mass, 1.0)
