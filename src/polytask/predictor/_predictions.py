"""What a fitted model says, in the user's units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from polytask.tasks import FittedTarget, Kind, TaskSet

__all__ = ["Predictions", "TaskPrediction"]


@dataclass(frozen=True, eq=False)
class TaskPrediction:
    """One task's predictions.

    Attributes
    ----------
    raw : array of shape (n, size), float32
        Scores before the response function.
    response : array
        User's units or probabilities: (n,) for binary (of the positive class) and one-column
        regression, (n, c) otherwise.
    row_ids : array of shape (n,), int64
        Positions of the rows in the user's table.
    kind : Kind
    target : FittedTarget
    """

    raw: np.ndarray
    response: np.ndarray
    row_ids: np.ndarray
    kind: Kind
    target: FittedTarget

    @classmethod
    def from_raw(
        cls, raw: np.ndarray, row_ids: np.ndarray, kind: Kind, target: FittedTarget
    ) -> TaskPrediction:
        """Apply the kind's response function to raw scores."""
        return cls(raw, kind.response(raw, target), row_ids, kind, target)

    @property
    def decision(self) -> np.ndarray:
        """The single best answer in the user's own labels or units."""
        return self.kind.decide(self.response, self.target)


@dataclass(frozen=True, eq=False)
class Predictions(Mapping[str, TaskPrediction]):
    """Predictions of every task, by name."""

    tasks: TaskSet
    by_task: Mapping[str, TaskPrediction]

    def __getitem__(self, task: str) -> TaskPrediction:
        return self.by_task[self.tasks[task].name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tasks.names)

    def __len__(self) -> int:
        return len(self.tasks)
