"""Fitted targets of all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from polytask.data import Schema
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["fitted_targets", "with_targets"]


def fitted_targets(tasks: TaskSet, schemas: Mapping[str, Schema]) -> dict[str, FittedTarget]:
    """The fitted target of each task, from the first source that has it (as in blocks)."""
    return {
        name: next(s.targets[name] for s in schemas.values() if name in s.targets)
        for name in tasks.names
    }


def with_targets(
    schemas: Mapping[str, Schema], targets: Mapping[str, FittedTarget]
) -> dict[str, Schema]:
    """The same schemas with other fitted targets of some tasks, in all sources that have them."""
    return {
        source: replace(
            schema,
            targets={name: targets.get(name, target) for name, target in schema.targets.items()},
        )
        for source, schema in schemas.items()
    }
