"""Fitted scikit-learn estimators as a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polytask._files import write_json
from polytask._recipes import to_json
from polytask.data import Schema, Source
from polytask.predictor._design import Design
from polytask.predictor._estimators_part import EstimatorsPart
from polytask.predictor._learned import n_learned
from polytask.predictor._model import Model
from polytask.predictor._targets import fitted_targets
from polytask.predictor._threads import suitable_threads
from polytask.predictor._trust import read_estimators, rebuilt, write_estimators
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["EstimatorsModel"]

_PARTS = "estimators.json"
_ESTIMATORS = "estimators.skops"


@dataclass(frozen=True, eq=False)
class EstimatorsModel(Model):
    """Fitted scikit-learn estimators: one a task, or one pooled for several.

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
        """Coefficients, or nodes of trees."""
        return sum(n_learned(one) for part in self.parts for one in part.estimators)

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        targets = fitted_targets(self.tasks, self.schemas)
        return {source.name: self._scores(source, targets) for source in sources}

    def _scores(self, source: Source, targets: Mapping[str, FittedTarget]) -> dict[str, np.ndarray]:
        schema = self.schemas[source.name]
        matrices: dict[Design, Any] = {}  # most parts share one
        found: dict[str, np.ndarray] = {}
        for part in self.parts:
            if part.source == source.name:
                if part.design not in matrices:
                    matrices[part.design] = part.design.matrix(source, schema)
                with suitable_threads(source.n_rows):
                    found.update(part.scores(matrices[part.design], source, self.tasks, targets))
        return found

    def save(self, folder: Path) -> None:
        """Write ``estimators.json`` and ``estimators.skops``."""
        described = [
            {
                "source": part.source,
                "tasks": list(part.tasks),
                "design": to_json(part.design),
                "spread": part.spread,
                "standardized": part.standardized,
            }
            for part in self.parts
        ]
        write_json(folder / _PARTS, described)
        write_estimators(folder / _ESTIMATORS, [list(part.estimators) for part in self.parts])

    @classmethod
    def load(cls, folder: Path, tasks: TaskSet, schemas: Mapping[str, Schema]) -> EstimatorsModel:
        """Read what `save` wrote."""
        described = json.loads((folder / _PARTS).read_text(encoding="utf-8"))
        estimators = read_estimators(folder / _ESTIMATORS)
        parts = [
            EstimatorsPart(
                part["source"],
                tuple(part["tasks"]),
                tuple(fitted),
                rebuilt(part["design"], folder / _PARTS),
                part["spread"],
                part["standardized"],
            )
            for part, fitted in zip(described, estimators, strict=True)
        ]
        return cls(tasks, schemas, parts)
