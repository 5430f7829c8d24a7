"""Sources: rows with one input schema, and the tasks labelled in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from polytask.data.cells import Reading
from polytask.data.sources._labels import Labels
from polytask.tasks import TaskSet

__all__ = ["Source"]


@dataclass(frozen=True, eq=False)
class Source:
    """Rows with one input schema, and the tasks labelled in them.

    Parameters
    ----------
    name : str
        Unique among the sources of a data set.
    inputs : polars.DataFrame of n rows
        The input columns. A polars ``Array`` column holds a tensor of fixed shape per row.
    tasks : TaskSet
        The tasks that may be labelled, with their kinds.
    labels : Labels, optional
        Their labels; None if the rows are only to be predicted.
    row_ids : array of shape (n,), int64
        Names of the rows in predictions: their positions in the user's table.
    weights : array of shape (n,) or (n, n_tasks), float64, optional
        Row weights, at least 0, as given; for all tasks or per task. NaN only where a row has no
        label.
    groups : array of shape (n,), int64, optional
        Rows of one group stay together in splits and statistical tests; equal numbers are one
        group in all sources of a data set.
    task_index : array of shape (n,), int32, optional
        Position in `tasks` of each row's task, if each row belongs to one; −1 if unknown.
    task_column : str, optional
        The column that named each row's task.
    group_column : str, optional
        The column that named each row's group.
    reading : Reading
        How the cells of the input columns were read, with the declared roles.
    """

    name: str
    inputs: pl.DataFrame
    tasks: TaskSet
    labels: Labels | None
    row_ids: np.ndarray
    weights: np.ndarray | None = None
    groups: np.ndarray | None = None
    task_index: np.ndarray | None = None
    task_column: str | None = None
    group_column: str | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.inputs.height

    @property
    def own_rows(self) -> bool:
        """Whether each row belongs to exactly one task."""
        return self.task_index is not None

    def rows_without(self, tasks: Collection[str]) -> Int64[np.ndarray, " m"]:
        """Rows that do not belong to one of the tasks only."""
        if self.task_index is None:
            return np.arange(self.n_rows)
        dropped = [index for index, name in enumerate(self.tasks.names) if name in tasks]
        return np.flatnonzero(~np.isin(self.task_index, dropped))

    def without_tasks(self, tasks: Collection[str]) -> Source | None:
        """Remove tasks, and the rows that only they have; None if no task remains."""
        kept = [index for index, name in enumerate(self.tasks.names) if name not in tasks]
        if len(kept) == len(self.tasks):
            return self
        if not kept:
            return None
        source = self.take(self.rows_without(tasks))
        weights = source.weights
        if weights is not None and weights.ndim == 2:
            weights = weights[:, kept]
        index = None
        if source.task_index is not None:
            renumbered = np.full(
                len(self.tasks) + 1, -1, dtype=source.task_index.dtype
            )  # the last: −1
            renumbered[kept] = np.arange(len(kept))
            index = renumbered[source.task_index]
        return replace(
            source,
            tasks=self.tasks.subset([self.tasks[index].name for index in kept]),
            labels=None if source.labels is None else source.labels.without(tasks),
            weights=weights,
            task_index=index,
        )

    def labelled(self) -> Labels:
        """The labels; raise if the rows are only to be predicted."""
        if self.labels is None:
            sentence = f"Source {self.name!r} carries no labels."
            raise TypeError(sentence)
        return self.labels

    def take(self, rows: Int64[np.ndarray, " k"]) -> Source:
        """Selected rows, in that order."""
        return replace(
            self,
            inputs=self.inputs[rows],
            labels=None if self.labels is None else self.labels.take(rows),
            row_ids=self.row_ids[rows],
            weights=_taken(self.weights, rows),
            groups=_taken(self.groups, rows),
            task_index=_taken(self.task_index, rows),
        )

    def weights_of(self, task: str) -> Float64[np.ndarray, " m"]:
        """Weights of a task's labelled rows as given, 1 by default."""
        rows = self.labelled().rows(task)
        if self.weights is None:
            return np.ones(len(rows))
        table = self.weights.astype(np.float64, copy=False)
        return table[rows] if table.ndim == 1 else table[rows, self.tasks.names.index(task)]

    def rows_of(self, task: str) -> Int64[np.ndarray, " m"]:
        """Rows to predict for a task: all of them, or its own."""
        if self.task_index is None:
            return np.arange(self.n_rows)
        return np.flatnonzero(self.task_index == self.tasks.names.index(task))


def _taken(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[rows]
