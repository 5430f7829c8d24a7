"""Which tasks a joint estimator learns together: those of a family on rows of the same inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal

from sklearn.base import is_classifier

from polytask.data import (
    MultiTaskDataset,
    Schema,
    Source,
    fit_schemas,
    joined_inputs,
    with_same_inputs,
)
from polytask.learners._estimators import estimator_for
from polytask.tasks import FittedTarget, Kind, Task

__all__ = ["Pool", "family_of", "make_pools", "pool_schemas"]

Family = Literal["numbers", "counts", "events", "classes"]
"""Numbers, rates of counts, classes that state whether an event happened, and other classes."""


def family_of(kind: Kind, estimators: tuple[Any, ...]) -> Family | None:
    """The family of a kind, whose tasks one of the joint estimators learns together; None if none can."""
    estimator = estimator_for(kind, estimators)
    if estimator is None or not (kind.joint_outputs or kind.weighted_outputs):
        return None
    if not is_classifier(estimator):
        return "numbers" if kind.joint_outputs else "counts"
    return "events" if kind.scores in {"event", "events"} else "classes"


@dataclass(frozen=True, eq=False)
class Pool:
    """Tasks of one family that are learned together, and their sources of the same inputs.

    Parameters
    ----------
    family : {"numbers", "counts", "events", "classes"}
    sources : tuple of Source
        All sources of these inputs, also those without such tasks.
    tasks : tuple of Task
    """

    family: Family
    sources: tuple[Source, ...]
    tasks: tuple[Task, ...]

    def outputs(self, targets: Mapping[str, FittedTarget]) -> dict[str, tuple[int, ...]]:
        """By task, the outputs of the estimator that answer its label cells."""
        sizes = [task.known_kind.estimator_outputs(targets[task.name]) for task in self.tasks]
        ends = accumulate(sizes)
        return {
            task.name: tuple(range(end - size, end))
            for task, size, end in zip(self.tasks, sizes, ends, strict=True)
        }

    @property
    def n_columns(self) -> int:
        """Target columns of all tasks."""
        return sum(len(task.columns) for task in self.tasks)

    @property
    def carrying(self) -> tuple[Source, ...]:
        """Sources with such tasks."""
        names = {task.name for task in self.tasks}
        return tuple(s for s in self.sources if not names.isdisjoint(s.tasks.names))

    @property
    def one_task_per_row(self) -> bool:
        """Whether no row has labels of two tasks, by the form of its source."""
        names = {task.name for task in self.tasks}
        return all(s.own_rows or len(names & set(s.tasks.names)) <= 1 for s in self.sources)


def make_pools(data: MultiTaskDataset, estimators: tuple[Any, ...]) -> Iterator[Pool]:
    """Pools of all tasks that the estimators serve, by inputs and family."""
    for sources in with_same_inputs(data.sources):
        carried = {name for source in sources for name in source.tasks.names}
        families: dict[Family, list[Task]] = {}
        for task in data.tasks:
            family = family_of(task.known_kind, estimators)
            if family is not None and task.name in carried:
                families.setdefault(family, []).append(task)
        for family, tasks in families.items():
            yield Pool(family, sources, tuple(tasks))


def pool_schemas(data: MultiTaskDataset) -> dict[str, Schema]:
    """Schemas of all sources; those of the same inputs encode these alike."""
    schemas = fit_schemas(data)
    for sources in with_same_inputs(data.sources):
        if len(sources) > 1:
            fitted = Schema.fit(joined_inputs(sources), schemas[sources[0].name].targets)
            for source in sources:
                schemas[source.name] = replace(schemas[source.name], columns=fitted.columns)
    return schemas
