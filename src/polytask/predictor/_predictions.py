"""Predictions in the user's units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask._listing import first_names
from polytask.tasks import FittedTarget, Kind, TaskSet

__all__ = ["Predictions", "TaskPrediction"]


@dataclass(frozen=True, eq=False)
class TaskPrediction:
    """One task's predictions.

    Attributes
    ----------
    raw : array of shape (n, …), float32
        Scores before the response function.
    response : array
        User's units or probabilities: (n,) for binary (of the positive class) and one-column
        regression, (n, …) otherwise.
    row_ids : array of shape (n,), int64
        Positions of the rows in the user's table.
    counts : mapping of source name to int
        Number of rows per source, in the order of the rows.
    kind : Kind
    target : FittedTarget
    """

    raw: np.ndarray
    response: np.ndarray
    row_ids: np.ndarray
    counts: Mapping[str, int]
    kind: Kind
    target: FittedTarget

    def __repr__(self) -> str:
        shapes = f"raw {self.raw.shape}, response {self.response.shape}"
        return f"TaskPrediction({self.kind.name}: {shapes}; {len(self.row_ids):,} rows)"

    @classmethod
    def from_raw(
        cls,
        raw: np.ndarray,
        row_ids: np.ndarray,
        counts: Mapping[str, int],
        kind: Kind,
        target: FittedTarget,
    ) -> TaskPrediction:
        """Apply the kind's response function to raw scores."""
        return cls(raw, kind.response(raw, target), row_ids, counts, kind, target)

    @property
    def source(self) -> np.ndarray:
        """Name of each row's source; rows of two sources may have the same position."""
        return np.repeat(np.array(list(self.counts), dtype=str), list(self.counts.values()))

    @property
    def decision(self) -> np.ndarray:
        """The single best prediction, in the user's labels or units."""
        return self.kind.decide(self.response, self.target)

    def columns(self, name: str) -> list[tuple[str, np.ndarray]]:
        """Decisions, and probabilities if the kind has them, as named columns of a table.

        Parameters
        ----------
        name : str
            Name of the decision if it is one column.
        """
        return self.kind.prediction_columns(name, self.response, self.target)


@dataclass(frozen=True, eq=False)
class Predictions(Mapping[str, TaskPrediction]):
    """Predictions of every task, by name.

    Attributes
    ----------
    tasks : TaskSet
    by_task : mapping of task name to TaskPrediction
    notes : tuple of str
        Columns with categories that fitting did not see, which count as unknown.
    """

    tasks: TaskSet
    by_task: Mapping[str, TaskPrediction]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rows = sorted({len(prediction.row_ids) for prediction in self.by_task.values()})
        size = f"{rows[0]} to {rows[-1]}" if len(rows) > 1 else f"{rows[0] if rows else 0}"
        counted = f"{len(self)} task{'s' * (len(self) != 1)}"
        notes = f"; {len(self.notes)} note{'s' * (len(self.notes) != 1)}" if self.notes else ""
        return f"Predictions({counted} × {size} rows: {first_names(self.tasks.names, 6)}{notes})"

    def __getitem__(self, task: str) -> TaskPrediction:
        return self.by_task[self.tasks[task].name]

    def __contains__(self, task: object) -> bool:
        return task in self.by_task

    def get(self, task: str, default: Any = None) -> Any:
        """The task's predictions, or the default."""
        return self.by_task.get(task, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tasks.names)

    def __len__(self) -> int:
        return len(self.tasks)
