"""Model of several networks, each of a group of tasks of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from polytask._files import write_json
from polytask._plain import from_plain
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._forward_cost import ForwardCost, cost_of_all
from polytask.predictor._model import Model, model_class
from polytask.predictor._model_parts import write_parts
from polytask.tasks import TaskSet

__all__ = ["GroupedModel", "schemas_of_group"]

_PLAN = "grouped.json"


@dataclass(frozen=True, eq=False)
class GroupedModel(Model):
    """Several models of the same rows, each of which knows tasks of its own.

    `CombinedModel` has models that each know all tasks.

    Parameters
    ----------
    models : tuple of Model
        Fitted for a group each, with the schemas that `schemas_of_group` gives.
    groups : tuple of tuple of str
        Tasks of each model; every task is in exactly one.
    """

    models: tuple[Model, ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def n_parameters(self) -> int:
        """Learned numbers of all models."""
        return sum(model.n_parameters for model in self.models)

    def forward_cost(self, sources: Sequence[Source]) -> ForwardCost | None:
        """The sum over the models that predict; None if it is not known of one."""
        costs = [
            model.forward_cost(parts)
            for model, group in zip(self.models, self.groups, strict=True)
            if (parts := [p for s in sources if (p := _of_group(s, group)) is not None])
        ]
        return cost_of_all(costs)

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        found: dict[str, dict[str, np.ndarray]] = {source.name: {} for source in sources}
        for model, group in zip(self.models, self.groups, strict=True):
            parts = [part for source in sources if (part := _of_group(source, group)) is not None]
            if not parts:
                continue
            scored = model.scores(parts)
            for part in parts:
                own = {task: scored[part.name][task] for task in part.tasks.names}
                found[part.name] |= own
        return found

    def save(self, folder: Path) -> None:
        """Write every model's files, prefixed with the model's position."""
        names = write_parts(self.models, folder)
        write_json(folder / _PLAN, {"models": names, "groups": [list(g) for g in self.groups]})

    @classmethod
    def load(
        cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]
    ) -> GroupedModel:
        """Read what `save` wrote."""
        plan = from_plain(_Plan, contents.json(_PLAN))
        named = [task for group in plan.groups for task in group]
        sound = (
            len(plan.models) == len(plan.groups)
            and sorted(named) == sorted(tasks.names)
            and all(plan.groups)
        )
        if not sound:
            sentence = f"{contents.path(_PLAN)} does not have every task in exactly one group."
            raise BundleError(sentence)
        models = [
            model_class(name).load(
                contents.part(f"{position}-"),
                tasks.subset(group),
                schemas_of_group(schemas, group),
            )
            for position, (name, group) in enumerate(zip(plan.models, plan.groups, strict=True))
        ]
        return cls(tuple(models), plan.groups)


def schemas_of_group(schemas: Mapping[str, Schema], group: Iterable[str]) -> dict[str, Schema]:
    """The schemas of the sources that carry a task of a group, with its targets only.

    Parameters
    ----------
    schemas : mapping of source name to Schema
    group : iterable of str
    """
    wanted = set(group)
    return {
        name: replace(schema, targets={task: schema.targets[task] for task in own})
        for name, schema in schemas.items()
        if (own := [task for task in schema.targets if task in wanted])
    }


def _of_group(source: Source, group: Sequence[str]) -> Source | None:
    """The part of a source that a group's model scores; None without any of its tasks."""
    return source.without_tasks(set(source.tasks.names) - set(group))


@dataclass(frozen=True)
class _Plan:
    """Content of ``grouped.json``: the models' classes, and the tasks of each."""

    models: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
