"""Value of a group of tasks by an affinity matrix."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float64

__all__ = ["Objective", "group_value", "upper_bound", "values_of_subsets"]

Objective = Literal["sum", "mean"]

_LEAST = 1e-12
"""Smaller differences of values are rounding."""


def group_value(
    affinity: Float64[np.ndarray, "k k"], group: np.ndarray, objective: Objective
) -> float:
    """Sum of the affinities of all ordered pairs; divided by the other members for "mean"."""
    if len(group) < 2:
        return 0.0
    inside = affinity[np.ix_(group, group)]
    total = float(inside.sum() - np.trace(inside))
    return total if objective == "sum" else total / (len(group) - 1)


def values_of_subsets(
    affinity: Float64[np.ndarray, "k k"], objective: Objective
) -> Float64[np.ndarray, " subsets"]:
    """Values of all 2^K groups, numbered by the bits of their members."""
    n_tasks = len(affinity)
    total, size = np.zeros(1), np.zeros(1)
    for task in range(n_tasks):
        pair = affinity[task, :task] + affinity[:task, task]
        to_group = np.zeros(1)
        for other in range(task):
            to_group = np.concatenate([to_group, to_group + pair[other]])
        total = np.concatenate([total, total + to_group])
        size = np.concatenate([size, size + 1])
    return total if objective == "sum" else total / np.maximum(size - 1, 1)


def upper_bound(affinity: Float64[np.ndarray, "k k"], objective: Objective) -> float:
    """A value that no partition exceeds: every task has its best companions alone."""
    if objective == "sum":
        return float(np.maximum(np.triu(affinity + affinity.T, k=1), 0).sum())
    others = np.where(np.eye(len(affinity), dtype=bool), 0.0, affinity)
    return float(np.maximum(others.max(axis=1), 0).sum())
