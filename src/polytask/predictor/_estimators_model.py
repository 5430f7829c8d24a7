"""Model of fitted scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from polytask._files import write_bytes, write_json
from polytask._plain import from_plain, to_plain
from polytask._reason import reason
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._boosters import BoosterEntry, extract_boosters, insert_boosters
from polytask.predictor._contents import Contents
from polytask.predictor._design import Design
from polytask.predictor._estimator_checks import check_estimators, check_unmasked
from polytask.predictor._estimators_part import EstimatorsPart
from polytask.predictor._fitted_targets import fitted_targets
from polytask.predictor._model import Model
from polytask.predictor._n_learned import n_learned
from polytask.predictor._packed_trees import pack_trees, unpack_trees
from polytask.predictor._part_checks import check_model_parts
from polytask.predictor._suitable_threads import suitable_threads
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["EstimatorsModel"]

_PARTS = "estimators.json"
_ESTIMATORS = "estimators.skops"


@dataclass(frozen=True, eq=False)
class EstimatorsModel(Model):
    """Fitted scikit-learn estimators: one per task, or one for several.

    Parameters
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
    parts : sequence of EstimatorsPart
        Together they cover every task of every source once.
    """

    tasks: TaskSet
    schemas: Mapping[str, Schema]
    parts: Sequence[EstimatorsPart]

    @property
    def n_parameters(self) -> int:
        """Number of coefficients, or of nodes of trees."""
        distinct = {id(each): each for part in self.parts for each in part.estimators}
        return sum(map(n_learned, distinct.values()))

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        targets = fitted_targets(self.tasks, self.schemas)
        return {source.name: self._scores(source, targets) for source in sources}

    def _scores(self, source: Source, targets: Mapping[str, FittedTarget]) -> dict[str, np.ndarray]:
        schema = self.schemas[source.name]
        parts = [part for part in self.parts if part.source == source.name and part.serves(source)]
        if source.task_index is None and any(part.design.tasks for part in parts):
            alone = [self._scores(_as_rows_of(source, n), targets) for n in source.tasks.names]
            return {name: scores for of_task in alone for name, scores in of_task.items()}
        matrices: dict[Design, Any] = {}  # most parts share one
        scores: dict[str, np.ndarray] = {}
        for part in parts:
            if part.design not in matrices:
                matrices[part.design] = part.design.matrix(source, schema)
            with suitable_threads(source.n_rows):
                scores.update(part.scores(matrices[part.design], source, self.tasks, targets))
        return scores

    def save(self, folder: Path) -> None:
        """Write ``estimators.json``, ``estimators.skops``, and boosters in files of their own."""
        parts = [
            _PartEntry(
                part.source,
                part.tasks,
                part.design,
                part.spread,
                part.standardized,
                part.outputs,
                part.by_row,
            )
            for part in self.parts
        ]
        given, boosters = extract_boosters([list(part.estimators) for part in self.parts], folder)
        from polytask.predictor._skops_file import dump_estimators  # all of scikit-learn

        path = folder / _ESTIMATORS
        write_bytes(path, dump_estimators(pack_trees(given), str(path)))
        write_json(folder / _PARTS, {"parts": to_plain(parts), "boosters": boosters})

    @classmethod
    def load(
        cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]
    ) -> EstimatorsModel:
        """Read what `save` wrote."""
        saved = from_plain(_ModelEntry, contents.json(_PARTS))
        where = str(contents.path(_ESTIMATORS))
        from polytask.predictor._skops_file import load_estimators  # all of scikit-learn

        estimators = load_estimators(contents.read(_ESTIMATORS), where)
        estimators = insert_boosters(estimators, saved.boosters, contents)
        try:
            check_unmasked(estimators)
            unpack_trees(estimators)
            check_estimators(estimators)
            parts = tuple(
                EstimatorsPart(
                    part.source,
                    part.tasks,
                    tuple(fitted),
                    part.design,
                    part.spread,
                    part.standardized,
                    part.outputs,
                    part.by_row,
                )
                for part, fitted in zip(saved.parts, estimators, strict=True)
            )
            check_model_parts(parts, tasks, schemas)
        except Exception as error:
            raise BundleError(
                f"{where} holds no estimators that can predict: {reason(error, named=False)}."
            ) from error
        return cls(tasks, schemas, parts)


def _as_rows_of(source: Source, task: str) -> Source:
    """The rows of a source as those of one task, which is an input."""
    index = np.zeros(source.n_rows, dtype=np.int32)
    return replace(source, tasks=source.tasks.subset([task]), task_index=index)


@dataclass(frozen=True)
class _PartEntry:
    """A part's entry in ``estimators.json``."""

    source: str
    tasks: tuple[str, ...]
    design: Design
    spread: bool
    standardized: bool
    outputs: tuple[int, ...] = ()
    by_row: bool = False


@dataclass(frozen=True)
class _ModelEntry:
    """Content of ``estimators.json``."""

    parts: tuple[_PartEntry, ...]
    boosters: tuple[BoosterEntry, ...]
