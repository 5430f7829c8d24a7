"""Several models of the same rows, each of which answers for some tasks."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polytask._files import write_json
from polytask._naming import resolve
from polytask.data import Schema, Source
from polytask.predictor._model import Model
from polytask.tasks import TaskSet

__all__ = ["CombinedModel"]

_PLAN = "combined.json"


@dataclass(frozen=True, eq=False)
class CombinedModel(Model):
    """Several models of the same rows, each of which answers for some tasks.

    Such are single-task learners of which each task keeps the settings that suit it.

    Parameters
    ----------
    models : tuple of Model
        Fitted for the same tasks with equal schemas.
    answers : mapping of task to int
        Which of the models answers for each task.
    """

    models: tuple[Model, ...]
    answers: Mapping[str, int]

    @property
    def n_parameters(self) -> int:
        """Those of all models, whether or not all their tasks are asked for."""
        return sum(model.n_parameters for model in self.models)

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        found = [model.scores(sources) for model in self.models]
        return {
            source.name: {
                task: found[self.answers[task]][source.name][task] for task in found[0][source.name]
            }
            for source in sources
        }

    def save(self, folder: Path) -> None:
        """Write every model's files, the model's position before their names."""
        for position, model in enumerate(self.models):
            with tempfile.TemporaryDirectory(dir=folder) as own:
                model.save(Path(own))
                for path in Path(own).iterdir():
                    path.rename(folder / f"{position}-{path.name}")
        names = [type(model).__name__ for model in self.models]
        write_json(folder / _PLAN, {"models": names, "answers": dict(self.answers)})

    @classmethod
    def load(cls, folder: Path, tasks: TaskSet, schemas: Mapping[str, Schema]) -> CombinedModel:
        """Read what `save` wrote."""
        plan = json.loads((folder / _PLAN).read_text(encoding="utf-8"))
        models = []
        for position, name in enumerate(plan["models"]):
            kind: Any = resolve(name, "polytask.predictor", "model", Model)
            with tempfile.TemporaryDirectory() as own:
                prefix = f"{position}-"
                for path in folder.glob(f"{prefix}*"):
                    shutil.copy(path, Path(own) / path.name.removeprefix(prefix))
                models.append(kind.load(Path(own), tasks, schemas))
        return cls(tuple(models), plan["answers"])
