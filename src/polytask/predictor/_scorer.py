"""Scores of new rows by a fitted model, whose errors name the folder that it was loaded from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from polytask._reason import reason
from polytask.data import Schema, Source
from polytask.exceptions import BundleError, PolytaskError
from polytask.predictor._answers import Answer, parts_of
from polytask.predictor._model import Model
from polytask.predictor._routed_prediction import RoutedPrediction
from polytask.predictor._sources_to_predict import check_numbers_of_pixels, chunks
from polytask.predictor._task_prediction import TaskPrediction
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["Scorer", "rows_without_task"]


@dataclass(frozen=True, eq=False)
class Scorer:
    """A fitted model that scores sources chunk by chunk.

    Parameters
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
    model : Model
    folder : Path or None
        Folder from which the model was loaded. What it computes is checked then, since the model
        could have been altered.
    """

    tasks: TaskSet
    schemas: Mapping[str, Schema]
    model: Model
    folder: Path | None

    def answers(
        self, sources: Sequence[Source], targets: Mapping[str, FittedTarget]
    ) -> dict[str, Answer]:
        """Scores of every task, computed in chunks."""
        check_numbers_of_pixels(sources, self.tasks, targets)
        answers: dict[str, Answer] = {}
        for source in sources:
            for task in source.tasks.names:  # that may have no rows at all
                shape = self.tasks[task].known_kind.score_shape(targets[task])
                answers.setdefault(task, Answer(shape)).counts.setdefault(source.name, 0)
            for chunk in chunks(source, self.schemas[source.name]):
                parts: dict[str, dict[bool, tuple[np.ndarray, np.ndarray]]] = {}
                for unnamed, rows, part in parts_of(chunk):
                    scored = self._guarded(self.model.scores, [part])[chunk.name]
                    for task in (name for name in source.tasks.names if name in scored):
                        own = (rows[part.rows_of(task)], scored[task])
                        parts.setdefault(task, {})[unnamed] = own
                for task, of_task in parts.items():
                    answers[task].add(chunk, of_task)
        return answers

    def routed(
        self,
        sources: Sequence[Source],
        by_task: Mapping[str, TaskPrediction],
        answers: Mapping[str, Answer],
    ) -> RoutedPrediction:
        """The task of every row of sources whose rows name none."""
        tasks = self.tasks.subset({name for source in sources for name in source.tasks.names})
        probability, row_ids, counts = [], [], {}
        for source in sources:
            counts[source.name], columns = source.n_rows, [*map(tasks.index, source.tasks.names)]
            for chunk in chunks(source, self.schemas[source.name]):
                scores = self._guarded(self.model.route, chunk)
                self.check_numbers("its router", scores, chunk.row_ids)
                of_chunk = np.zeros((len(scores), len(tasks)))
                of_chunk[:, columns] = softmax(scores.astype(np.float64), axis=1)
                probability.append(of_chunk)
                row_ids.append(chunk.row_ids)
        unnamed = {name: answers[name].unnamed for name in tasks.names}
        own = {name: by_task[name] for name in tasks.names}
        return RoutedPrediction(
            tasks, np.concatenate(probability), np.concatenate(row_ids), counts, own, unnamed
        )

    def check_numbers(self, what: str, raw: np.ndarray, row_ids: np.ndarray) -> None:
        """Raise if a loaded model predicts NaN, since an altered model could go unnoticed."""
        broken = np.isnan(raw).any(axis=tuple(range(1, raw.ndim)))
        if self.folder is not None and broken.any():
            sentence = (
                f"The model in {self.folder} has no number for {what} in {broken.sum():,} of "
                f"{len(raw):,} rows, the first of them row {row_ids[broken.argmax()]}. Leave such "
                "rows out, or fit the model again."
            )
            raise BundleError(sentence)

    def _guarded(self, compute: Callable[..., Any], rows: Any) -> Any:
        """What the model computes; errors of a loaded one name its folder."""
        if self.folder is None:
            return compute(rows)
        try:
            return compute(rows)
        except PolytaskError:
            raise
        except Exception as error:
            sentence = (
                f"The model in {self.folder} cannot predict rows that its schema accepts "
                f"({reason(error)}). Fit the model again."
            )
            raise BundleError(sentence) from error


def rows_without_task(source: Source) -> Source:
    """The rows that name no task, where each should."""
    index = source.task_index
    rows = np.zeros(0, dtype=np.int64) if index is None else np.flatnonzero(index < 0)
    return replace(source.take(rows), task_index=None)
