"""Model of several stages, each of which reads the scores of those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polytask._files import write_json
from polytask._plain import from_plain
from polytask.data import Schema, Source, schema_from_json, schema_to_json
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._model import Model, model_class
from polytask.predictor._model_parts import write_parts
from polytask.tasks import TaskSet

__all__ = ["StagedModel", "with_scores"]

_PLAN = "staged.json"
Scores = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class StagedModel(Model):
    """Models in a row: each reads the inputs, and the raw scores of the models before it.

    A task is answered by the last model that has it.

    Parameters
    ----------
    models : tuple of Model
    groups : tuple of tuple of str
        Tasks of each model.
    schemas : tuple of mapping of source name to Schema
        Of each model; they know the scores of earlier models as columns.
    tasks : TaskSet
    """

    models: tuple[Model, ...]
    groups: tuple[tuple[str, ...], ...]
    schemas: tuple[Mapping[str, Schema], ...]
    tasks: TaskSet

    @property
    def n_parameters(self) -> int:
        """Learned numbers of all models."""
        return sum(model.n_parameters for model in self.models)

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        return {source.name: self._scores(source) for source in sources}

    def _scores(self, source: Source) -> dict[str, np.ndarray]:
        answers: dict[str, np.ndarray] = {}
        seen: dict[str, np.ndarray] = {}
        for stage in range(len(self.models)):
            seen_by = with_scores(source, seen)
            wanted = set(self.groups[stage]) & set(source.tasks.names)
            if stage == len(self.models) - 1:
                own = seen_by.without_tasks(set(source.tasks.names) - wanted) if wanted else None
                if own is not None:
                    answers |= self.models[stage].scores([own])[source.name]
                break
            scores = self.of_all_rows(stage, seen_by)
            answers |= {task: scores[task][source.rows_of(task)] for task in wanted}
            seen |= scores
        return {task: answers[task] for task in source.tasks.names}

    def of_all_rows(self, stage: int, source: Source) -> dict[str, np.ndarray]:
        """Scores of one model for all rows and all its tasks, whichever task a row belongs to."""
        schema = self.schemas[stage].get(source.name)
        if schema is None or source.n_rows == 0:
            return {}
        tasks = self.tasks.subset(list(schema.targets))
        whole = replace(source, tasks=tasks, labels=None, weights=None, task_index=None)
        return dict(self.models[stage].scores([whole])[source.name])

    def save(self, folder: Path) -> None:
        """Write every model's files, prefixed with the model's position, and the schemas."""
        schemas = [
            {name: schema_to_json(schema) for name, schema in of_stage.items()}
            for of_stage in self.schemas
        ]
        names = write_parts(self.models, folder)
        groups = [list(group) for group in self.groups]
        write_json(folder / _PLAN, {"models": names, "groups": groups, "schemas": schemas})

    @classmethod
    def load(cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]) -> StagedModel:
        """Read what `save` wrote."""
        plan = from_plain(_Plan, contents.json(_PLAN))
        own = tuple(
            {name: schema_from_json(schema) for name, schema in of_stage.items()}
            for of_stage in plan.schemas
        )
        if not _is_sound(plan, own, tasks, schemas):
            sentence = f"{contents.path(_PLAN)} does not say for every task which models answer it."
            raise BundleError(sentence)
        models = tuple(
            model_class(name).load(contents.part(f"{stage}-"), tasks.subset(group), own[stage])
            for stage, (name, group) in enumerate(zip(plan.models, plan.groups, strict=True))
        )
        return cls(models, plan.groups, own, tasks)


def with_scores(source: Source, scores: Scores) -> Source:
    """The source with raw scores (n, …) as columns of numbers, named after their tasks."""
    taken = set(source.inputs.columns)
    columns: list[pl.Series] = []
    for task, of_task in scores.items():
        for position, values in enumerate(of_task.reshape(source.n_rows, -1).T):
            name = f"score {position} of {task}"
            while name in taken:
                name += "'"
            taken.add(name)
            columns.append(pl.Series(name, values.astype(np.float64)))
    return replace(source, inputs=source.inputs.hstack(columns)) if columns else source


def _is_sound(
    plan: _Plan,
    own: Sequence[Mapping[str, Schema]],
    tasks: TaskSet,
    schemas: Mapping[str, Schema],
) -> bool:
    """Whether every stage has schemas with the targets of its tasks, and every task a stage."""
    if not len(plan.models) == len(plan.groups) == len(own) > 0:
        return False
    for group, of_stage in zip(plan.groups, own, strict=True):
        carried = {
            name: [task for task in schema.targets if task in group]
            for name, schema in schemas.items()
        }
        expected = {name: set(found) for name, found in carried.items() if found}
        if {name: set(schema.targets) for name, schema in of_stage.items()} != expected:
            return False
        if not set(group) <= set(tasks.names):
            return False
        for name, schema in of_stage.items():
            if schema.source != name or not _has_targets_of(schema, schemas[name], tasks):
                return False
    return {task for group in plan.groups for task in group} == set(tasks.names)


def _has_targets_of(own: Schema, schema: Schema, tasks: TaskSet) -> bool:
    """Whether a stage's targets have the columns, classes and scores of those of the whole model."""
    pairs = ((name, target, schema.targets[name]) for name, target in own.targets.items())
    return all(
        (kind := tasks[name].known_kind).accepts(target)
        and (target.columns, target.classes) == (known.columns, known.classes)
        and kind.score_shape(target) == kind.score_shape(known)
        for name, target, known in pairs
    )


@dataclass(frozen=True)
class _Plan:
    """Content of ``staged.json``: the models' classes, and the tasks and schemas of each."""

    models: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    schemas: tuple[Mapping[str, Any], ...]
