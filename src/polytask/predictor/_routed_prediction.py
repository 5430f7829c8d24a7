"""Predictions of rows whose task a router found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from polytask._listing import count
from polytask.predictor._task_prediction import TaskPrediction
from polytask.tasks import TaskSet

__all__ = ["RoutedPrediction"]


@dataclass(frozen=True, eq=False)
class RoutedPrediction:
    """Rows that name no task: the task that a router chose for each, and its answer.

    Attributes
    ----------
    tasks : TaskSet
    probability : array of shape (n, n_tasks), float64
        That a row belongs to each task; 0 for tasks that its source does not carry.
    row_ids : array of shape (n,), int64
        Positions of the rows in the user's table.
    counts : mapping of source name to int
        Number of rows per source, in the order of the rows.
    by_task : mapping of task name to TaskPrediction
        All answers of every task.
    unnamed : mapping of task name to array of bool
        Which rows of the task's predictions name no task.
    """

    tasks: TaskSet
    probability: np.ndarray
    row_ids: np.ndarray
    counts: Mapping[str, int]
    by_task: Mapping[str, TaskPrediction]
    unnamed: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        return f"RoutedPrediction({count(len(self.row_ids), 'row')} among {count(len(self.tasks), 'task')})"

    @property
    def source(self) -> np.ndarray:
        """Name of each row's source."""
        return np.repeat(np.array(list(self.counts), dtype=str), list(self.counts.values()))

    @property
    def task(self) -> np.ndarray:
        """Name of each row's likeliest task, (n,)."""
        return np.array(self.tasks.names)[self.probability.argmax(axis=1)]

    @property
    def response(self) -> np.ndarray:
        """The chosen task's response for each row, (n, …); (n,) objects if kinds or sizes differ."""
        return self._of_chosen({name: own.response for name, own in self.by_task.items()})

    @property
    def decision(self) -> np.ndarray:
        """The chosen task's decision for each row, in the user's labels or units."""
        return self._of_chosen({name: own.decision for name, own in self.by_task.items()})

    def answers(self, task: str) -> np.ndarray:
        """Which rows of a task's predictions are its own: they name it, or were routed to it."""
        unnamed = self.unnamed[task]
        own = ~unnamed
        own[unnamed] = self.task[self._carried_by(task)] == task
        return own

    def _carried_by(self, task: str) -> np.ndarray:
        """Which of the routed rows lie in a source that carries a task."""
        return np.isin(self.source, list(self.by_task[task].counts))

    def _of_chosen(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        shapes = {own.shape[1:] for own in values.values()}
        alike = len(shapes) == 1 and len({repr(own.kind) for own in self.by_task.values()}) == 1
        dtype = np.result_type(*values.values()) if alike else np.dtype(object)
        chosen = np.empty((len(self.row_ids), *(shapes.pop() if alike else ())), dtype=dtype)
        for name, own in values.items():
            mine = self.task == name
            answered = own[self.unnamed[name]][mine[self._carried_by(name)]]
            for row, value in zip(np.flatnonzero(mine), answered, strict=True):
                chosen[row] = value
        return chosen
