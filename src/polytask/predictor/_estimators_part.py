"""Fitted estimators that answer for some tasks of one source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.data import Source
from polytask.predictor._design import Design
from polytask.predictor._estimator_answers import Answer, answer_for
from polytask.tasks import FittedTarget, Kind, TaskSet

__all__ = ["EstimatorsPart"]


@dataclass(frozen=True, eq=False)
class EstimatorsPart:
    """Fitted estimators that answer for some tasks of one source.

    Parameters
    ----------
    source : str
    tasks : tuple of str
        Every task is answered by the same estimators on its own rows, unless `spread`.
    estimators : tuple
        One for all of a task's target columns, or one a column.
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

    def scores(
        self,
        X: Any,
        source: Source,
        tasks: TaskSet,
        targets: Mapping[str, FittedTarget],
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Raw scores of each of the part's tasks; `X` is the design's matrix of the source."""
        outputs = self.estimators[0].predict(X) if self.spread and source.n_rows else None
        first = 0
        for name in self.tasks:
            kind, target = tasks[name].known_kind, targets[name]
            rows = source.rows_of(name)
            if len(rows) == 0:
                yield name, np.zeros((0, target.size), dtype=np.float32)
            elif outputs is not None:
                response = outputs[:, first : first + len(target.columns)]
                first += len(target.columns)
                yield name, self._raw(response, kind, target)
            else:
                own = X[rows] if source.own_rows else X
                response = _answer(kind).response(self.estimators, own, target)
                yield name, self._raw(response, kind, target)

    def _raw(self, response: np.ndarray, kind: Kind, target: FittedTarget) -> np.ndarray:
        """Raw scores of what the estimators answer."""
        if self.standardized and target.scale:
            return response.reshape(len(response), target.size).astype(np.float32)
        return kind.raw(response, target)


def _answer(kind: Kind) -> Answer:
    answer = answer_for(kind)
    if answer is None:
        raise TypeError(f"No estimator answers tasks of kind {kind.name}.")
    return answer
