"""Several models of the same rows, each of which answers for some tasks."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polytask._files import write_json
from polytask._plain import from_plain
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._model import Model, model_class, model_name
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
        names = [model_name(model) for model in self.models]
        write_json(folder / _PLAN, {"models": names, "answers": dict(self.answers)})

    @classmethod
    def load(
        cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]
    ) -> CombinedModel:
        """Read what `save` wrote."""
        plan = from_plain(_Plan, contents.json(_PLAN))
        sound = set(plan.answers) == set(tasks.names) and all(
            0 <= position < len(plan.models) for position in plan.answers.values()
        )
        if not sound:
            sentence = f"{contents.path(_PLAN)} does not say for every task which model answers."
            raise BundleError(sentence)
        models = [
            model_class(name).load(contents.part(f"{position}-"), tasks, schemas)
            for position, name in enumerate(plan.models)
        ]
        return cls(tuple(models), plan.answers)


@dataclass(frozen=True)
class _Plan:
    """What ``combined.json`` says: the models' classes, and which answers for each task."""

    models: tuple[str, ...]
    answers: Mapping[str, int]
