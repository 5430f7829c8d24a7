"""Fitted estimators of some tasks of one source."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.data import Source
from polytask.predictor._design import Design
from polytask.tasks import FittedTarget, Kind, TaskSet, predicted_numbers

__all__ = ["EstimatorsPart"]


@dataclass(frozen=True, eq=False)
class EstimatorsPart:
    """Fitted estimators that predict some tasks of one source.

    Parameters
    ----------
    source : str
    tasks : tuple of str
        All predicted by the same estimators, each on its own rows, unless `spread`.
    estimators : tuple
        One for all label cells of a task, or one per cell.
    design : Design
    spread : bool
        Whether the outputs of the one estimator are the tasks' columns, one after another.
    standardized : bool
        Whether the estimators learned numbers as `Kind.encode` gives them rather than in the
        user's units.
    """

    source: str
    tasks: tuple[str, ...]
    estimators: tuple[Any, ...]
    design: Design
    spread: bool = False
    standardized: bool = False

    def serves(self, source: Source) -> bool:
        """Whether it predicts a task that the source carries."""
        return not set(self.tasks).isdisjoint(source.tasks.names)

    def scores(
        self,
        X: Any,
        source: Source,
        tasks: TaskSet,
        targets: Mapping[str, FittedTarget],
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Raw scores of the part's tasks in a source; `X` is the design's matrix of the source."""
        outputs = self.estimators[0].predict(X) if self.spread and source.n_rows else None
        first = 0
        for name in self.tasks:
            kind, target = tasks[name].known_kind, targets[name]
            start, first = first, first + math.prod(kind.target_shape(target))
            if name not in source.tasks.names:
                continue
            rows = source.rows_of(name)
            if len(rows) == 0:
                yield name, np.zeros((0, *kind.score_shape(target)), dtype=np.float32)
                continue
            estimators: Sequence[Any] = self.estimators
            if outputs is not None:
                estimators = [_Outputs(outputs[:, start:first])]
            if kind.units(target) and not self.standardized:
                estimators = [_Encoded(estimators, kind, target)]
            own = X[rows] if source.own_rows else X
            yield name, kind.from_estimator(estimators, own, target)


@dataclass(frozen=True, eq=False)
class _Outputs:
    """Selected outputs of an estimator that has already predicted."""

    values: np.ndarray

    def predict(self, X: Any) -> np.ndarray:
        """Return the stored predictions."""
        del X
        return self.values


@dataclass(frozen=True, eq=False)
class _Encoded:
    """Estimators fitted in the user's units, wrapped as one fitted on encoded labels."""

    estimators: Sequence[Any]
    kind: Kind
    target: FittedTarget

    def predict(self, X: Any) -> np.ndarray:
        """Predictions, encoded by `Kind.encode`."""
        answers = predicted_numbers(self.estimators, X).astype(np.float64).T
        columns = list(np.clip(answers, -_LARGEST, _LARGEST))
        size = len(self.target.columns)  # fewer than answers where several answer for one column
        encoded = [
            self.kind.encode(columns[start : start + size], self.target)
            for start in range(0, len(columns), size)
        ]
        return np.concatenate([each.reshape(len(each), -1) for each in encoded], axis=1)


_LARGEST = 1e300
"""A column holds no infinite values, but an estimator may predict them."""
