"""The best of all partitions of a few tasks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask.search._objective import Objective, values_of_subsets

__all__ = ["exact_partition"]

_LEAST = 1e-12
"""Gains of splitting a group that are smaller are rounding."""


def exact_partition(affinity: Float64[np.ndarray, "k k"], objective: Objective) -> list[list[int]]:
    r"""The partition of largest value, by branch and bound over subsets of the tasks.

    .. math:: f(S) = \max_{T \subseteq S,\; \max T = \max S} v(T) + f(S \setminus T)

    A group whose best split is worth as much as itself is in no better partition: its branch, all
    sets that contain it, is left out.

    Parameters
    ----------
    affinity : array of shape (k, k)
    objective : {"sum", "mean"}
    """
    n_tasks = len(affinity)
    values = values_of_subsets(affinity, objective)
    best = np.zeros(2**n_tasks)
    group_of = np.zeros(2**n_tasks, dtype=np.int64)
    for task in range(n_tasks):
        own = 1 << task
        best[own : 2 * own] = best[:own]  # the task alone, whose value is 0
        group_of[own : 2 * own] = own
        for group in range(own + 1, 2 * own):
            if values[group] <= best[group] + _LEAST:
                continue
            rest = _subsets(2 * own - 1 - group)
            reached = values[group] + best[rest]
            better = reached > best[group | rest]
            best[group | rest[better]] = reached[better]
            group_of[group | rest[better]] = group
    return _groups(group_of, n_tasks)


def _subsets(mask: int) -> np.ndarray:
    """All subsets of the bits of a mask, ascending."""
    subsets = np.zeros(1, dtype=np.int64)
    bit = 1
    while bit <= mask:
        if mask & bit:
            subsets = np.concatenate([subsets, subsets + bit])
        bit <<= 1
    return subsets


def _groups(group_of: np.ndarray, n_tasks: int) -> list[list[int]]:
    remaining, groups = 2**n_tasks - 1, []
    while remaining:
        group = int(group_of[remaining])
        groups.append([task for task in range(n_tasks) if group >> task & 1])
        remaining &= ~group
    return groups
