"""Model that combines several models, each for some tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polytask._files import write_json
from polytask._plain import from_plain
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._forward_cost import ForwardCost, cost_of_all
from polytask.predictor._model import Model
from polytask.predictor._model_parts import read_parts, write_parts
from polytask.tasks import TaskSet

__all__ = ["CombinedModel"]

_PLAN = "combined.json"


@dataclass(frozen=True, eq=False)
class CombinedModel(Model):
    """Several models of the same rows, each of which predicts some tasks.

    An example are single-task learners whose settings are chosen per task.

    Parameters
    ----------
    models : tuple of Model
        Fitted for the same tasks with equal schemas.
    answers : mapping of task to int
        Position of the model that predicts each task.
    """

    models: tuple[Model, ...]
    answers: Mapping[str, int]

    @property
    def n_parameters(self) -> int:
        """Learned numbers of all models, whether or not all their tasks are used."""
        return sum(model.n_parameters for model in self.models)

    def forward_cost(self, sources: Sequence[Source]) -> ForwardCost | None:
        """The sum over the models that predict; None if it is not known of one."""
        used = {self.answers[task] for source in sources for task in source.tasks.names}
        return cost_of_all(
            [self.models[position].forward_cost(sources) for position in sorted(used)]
        )

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        needed = {self.answers[task] for source in sources for task in source.tasks.names}
        by_model = {position: self.models[position].scores(sources) for position in needed}
        return {
            source.name: {
                task: by_model[self.answers[task]][source.name][task] for task in source.tasks.names
            }
            for source in sources
        }

    def save(self, folder: Path) -> None:
        """Write every model's files, prefixed with the model's position."""
        names = write_parts(self.models, folder)
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
        return cls(read_parts(contents, plan.models, tasks, schemas), plan.answers)


@dataclass(frozen=True)
class _Plan:
    """Content of ``combined.json``: the models' classes, and the model of each task."""

    models: tuple[str, ...]
    answers: Mapping[str, int]
