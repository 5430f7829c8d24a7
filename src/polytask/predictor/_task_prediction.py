"""Predictions of one task in the user's units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from polytask._listing import count
from polytask.tasks import FittedTarget, Kind

__all__ = ["TaskPrediction"]


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
        return f"TaskPrediction({self.kind.name}: {shapes}; {count(len(self.row_ids), 'row')})"

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
