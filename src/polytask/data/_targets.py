"""What is learned of a source's targets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polytask.data._labels import Labels
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["fit_targets"]


def fit_targets(tasks: TaskSet, labels: Labels, *, own_rows: bool) -> Mapping[str, FittedTarget]:
    """Fit every task's target; tasks that each own rows of one column share what is learned.

    Raises
    ------
    DataError
        If a task has no observed label, or kind and column disagree.
    """
    if not own_rows:
        return {
            task.name: task.known_kind.fit(task.name, labels.columns(task.name)) for task in tasks
        }
    for task in tasks:
        if len(labels.rows(task.name)) == 0:
            task.known_kind.fit(task.name, labels.columns(task.name))  # raises
    first = tasks[0]
    joined = {
        column: np.concatenate([labels.columns(name)[column] for name in tasks.names])
        for column in first.columns
    }
    return dict.fromkeys(tasks.names, first.known_kind.fit(first.name, joined))
