"""Fitted estimators of some tasks of one source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.data import Source
from polytask.predictor._design import Design
from polytask.predictor._joint_answers import answers_by_row, answers_of_table
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
    outputs : tuple of int
        Of a joint estimator, the output that answers each of the tasks' columns; empty if they are
        one after another. Estimators of several sources answer for tasks of others, too.
    by_row : bool
        Whether the joint estimator takes the output of each row, as ``tasks=``.
    """

    source: str
    tasks: tuple[str, ...]
    estimators: tuple[Any, ...]
    design: Design
    spread: bool = False
    standardized: bool = False
    outputs: tuple[int, ...] = ()
    by_row: bool = False

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
        answers = self._answers(X, source, tasks, targets)
        for name in self.tasks:
            if name not in source.tasks.names:
                continue
            kind, target = tasks[name].known_kind, targets[name]
            rows = source.rows_of(name)
            if len(rows) == 0:
                yield name, np.zeros((0, *kind.score_shape(target)), dtype=np.float32)
                continue
            estimators: Sequence[Any] = answers.get(name, self.estimators)
            if kind.units(target) and not self.standardized:
                estimators = [_Encoded(estimators, kind, target)]
            own = X[rows] if source.own_rows else X
            yield name, kind.from_estimator(estimators, own, target)

    def columns(
        self, tasks: TaskSet, targets: Mapping[str, FittedTarget]
    ) -> Mapping[str, Sequence[int]]:
        """By task, the outputs that answer its columns."""
        sizes = [tasks[name].known_kind.estimator_outputs(targets[name]) for name in self.tasks]
        outputs: Sequence[int] = self.outputs or range(sum(sizes))
        ends = np.cumsum(sizes).tolist()
        return {
            name: outputs[end - size : end]
            for name, size, end in zip(self.tasks, sizes, ends, strict=True)
        }

    def _answers(
        self, X: Any, source: Source, tasks: TaskSet, targets: Mapping[str, FittedTarget]
    ) -> Mapping[str, Sequence[Any]]:
        """By task, what answers it of the one estimator of several tasks, which predicts once."""
        if not self.spread or source.n_rows == 0:
            return {}
        (estimator,) = self.estimators
        columns = self.columns(tasks, targets)
        names = [name for name in self.tasks if name in source.tasks.names]
        rows = {name: source.rows_of(name) for name in names}
        rows = {name: own for name, own in rows.items() if len(own)}
        if not self.by_row:
            selected = rows if source.own_rows else dict.fromkeys(rows, slice(None))
            return answers_of_table(estimator, X, columns, selected)
        if source.own_rows:
            return answers_by_row(estimator, X, columns, rows)
        answers = [answers_by_row(estimator, X, columns, {name: rows[name]}) for name in rows]
        return {name: answer for each in answers for name, answer in each.items()}


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
