"""Predictions of several tasks in the user's units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polytask._listing import count, first_names
from polytask.predictor._routed_prediction import RoutedPrediction
from polytask.predictor._task_prediction import TaskPrediction
from polytask.tasks import TaskSet

__all__ = ["Predictions"]


@dataclass(frozen=True, eq=False)
class Predictions(Mapping[str, TaskPrediction]):
    """Predictions of every task, by name.

    Attributes
    ----------
    tasks : TaskSet
    by_task : mapping of task name to TaskPrediction
    notes : tuple of str
        Columns with categories that fitting did not see, which count as unknown; and how many rows
        were routed.
    routed : RoutedPrediction, optional
        Of rows that name no task, if the model has a router for them.
    """

    tasks: TaskSet
    by_task: Mapping[str, TaskPrediction]
    notes: tuple[str, ...] = ()
    routed: RoutedPrediction | None = None

    def __repr__(self) -> str:
        rows = sorted({len(prediction.row_ids) for prediction in self.by_task.values()})
        size = f"{rows[0]} to {rows[-1]}" if len(rows) > 1 else f"{rows[0] if rows else 0}"
        tasks, unit = count(len(self), "task"), "row" if rows == [1] else "rows"
        notes = f"; {count(len(self.notes), 'note')}" if self.notes else ""
        return f"Predictions({tasks} × {size} {unit}: {first_names(self.tasks.names, 6)}{notes})"

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
