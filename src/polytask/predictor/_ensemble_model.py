"""Model whose responses are the means of those of several models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from polytask._files import write_json
from polytask._plain import from_plain
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._forward_cost import ForwardCost, cost_of_all
from polytask.predictor._model import Model
from polytask.predictor._model_parts import read_parts, write_parts
from polytask.tasks import TaskSet

__all__ = ["EnsembleModel"]

_PLAN = "ensemble.json"
_MOST_COUNTS = 1000
"""Scores of so many models are held at once."""


@dataclass(frozen=True, eq=False)
class EnsembleModel(Model):
    r"""Several models of the same tasks and rows, whose responses are averaged.

    .. math:: \hat y = \frac{1}{\sum_m c_m} \sum_m c_m \, \hat y_m

    with responses :math:`\hat y_m` (numbers in the user's units, probabilities) and whole weights
    :math:`c_m \geq 1` of the models. `polytask.tasks.Kind.average` does it for every kind of task.

    Parameters
    ----------
    models : tuple of Model
        Fitted for the same tasks with equal schemas.
    counts : tuple of int
        How often each model counts.
    tasks : TaskSet
    """

    models: tuple[Model, ...]
    counts: tuple[int, ...]
    tasks: TaskSet

    @property
    def n_parameters(self) -> int:
        """Learned numbers of all models."""
        return sum(model.n_parameters for model in self.models)

    def forward_cost(self, sources: Sequence[Source]) -> ForwardCost | None:
        """The sum over the models that predict; None if it is not known of one."""
        return cost_of_all([model.forward_cost(sources) for model in self.models])

    @property
    def takes_preference(self) -> bool:
        """Whether all models do."""
        return all(model.takes_preference for model in self.models)

    def at(self, preference: Float32[np.ndarray, " n_tasks"]) -> Model:
        """The same models at a preference between all their tasks, with sum 1."""
        return replace(self, models=tuple(model.at(preference) for model in self.models))

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        by_model = [model.scores(sources) for model in self.models]
        return {
            source.name: {
                task: self._average(task, [scores[source.name][task] for scores in by_model])
                for task in source.tasks.names
            }
            for source in sources
        }

    def _average(self, task: str, scores: Sequence[np.ndarray]) -> np.ndarray:
        """Scores of the mean response, each model's as often as it counts."""
        repeated = np.repeat(np.stack(scores), self.counts, axis=0).astype(np.float32)
        mean: np.ndarray = self.tasks[task].known_kind.average(repeated)
        return np.asarray(mean, dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write every model's files, prefixed with the model's position."""
        names = write_parts(self.models, folder)
        write_json(folder / _PLAN, {"models": names, "counts": list(self.counts)})

    @classmethod
    def load(
        cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]
    ) -> EnsembleModel:
        """Read what `save` wrote."""
        plan = from_plain(_Plan, contents.json(_PLAN))
        if not (
            len(plan.models) == len(plan.counts) > 0
            and all(count >= 1 for count in plan.counts)
            and sum(plan.counts) <= _MOST_COUNTS
        ):
            sentence = (
                f"{contents.path(_PLAN)} does not say how often each model counts, "
                f"{_MOST_COUNTS} times in all at most."
            )
            raise BundleError(sentence)
        return cls(read_parts(contents, plan.models, tasks, schemas), plan.counts, tasks)


@dataclass(frozen=True)
class _Plan:
    """Content of ``ensemble.json``: the models' classes, and how often each counts."""

    models: tuple[str, ...]
    counts: tuple[int, ...]
