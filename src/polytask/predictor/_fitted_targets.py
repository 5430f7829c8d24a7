"""Fitted targets of all tasks."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.data import Schema
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["fitted_targets"]


def fitted_targets(tasks: TaskSet, schemas: Mapping[str, Schema]) -> dict[str, FittedTarget]:
    """The fitted target of each task, from the first source that has it (as in blocks)."""
    return {
        name: next(s.targets[name] for s in schemas.values() if name in s.targets)
        for name in tasks.names
    }
