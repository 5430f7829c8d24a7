"""Weights of labels as counts of rows."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask.estimators import TaskTable

__all__ = ["label_counts", "task_counts"]


def label_counts(table: TaskTable) -> Float64[np.ndarray, "..."]:
    """The weight of each label, 0 where it is missing, 1 by default."""
    known = (~np.isnan(table.labels)).astype(float)
    if table.weights is None:
        return known
    counts: np.ndarray = known * table.weights
    return counts


def task_counts(table: TaskTable) -> Float64[np.ndarray, " tasks"]:
    """Sums of the weights of each task's labels."""
    counts = label_counts(table)
    if table.task is None:
        return counts.sum(axis=0)
    return np.bincount(table.task, counts, table.n_tasks)
