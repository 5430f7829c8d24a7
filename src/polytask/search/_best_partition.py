"""The best partition of tasks by their affinity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from polytask._validation import Choice, Interval, check
from polytask.search._affinity_matrix import affinity_matrix
from polytask.search._exact_partition import exact_partition
from polytask.search._local_partition import local_partition
from polytask.search._objective import Objective, group_value, upper_bound
from polytask.search._partition import Partition

__all__ = ["best_partition"]

_OWNER = "best_partition"
MOST_EXACT = 20
"""Tasks of which all partitions are considered."""
_RESTARTS = 20
_LEAST = 1e-9


def best_partition(
    affinity: Any,
    *,
    tasks: Sequence[str] | None = None,
    threshold: float = 0.0,
    objective: Objective = "sum",
    seed: int = 0,
) -> Partition:
    r"""The partition of tasks into groups of largest affinity.

    .. math:: \max_{\mathcal P} \sum_{g \in \mathcal P} v(g), \qquad
              v_\text{sum}(g) = \sum_{i \ne j \in g} (A_{ij} - \tau), \qquad
              v_\text{mean}(g) = \frac{v_\text{sum}(g)}{|g| - 1}

    with the affinity :math:`A_{ij}` of task i to task j, such as the gain of i when it is trained
    with j, and the threshold :math:`\tau`. A task alone is worth 0, so that tasks whose affinities
    are below the threshold stay apart.

    Parameters
    ----------
    affinity : AffinityRecord, TransferMap, or array of shape (k, k)
        Row i holds the affinities of task i. The diagonal has no effect, and pairs of a record that
        are not known count as 0.
    tasks : sequence of str, optional
        Names of the rows of an array, by default their numbers.
    threshold : float, default 0.0
        Affinity from which it pays to be together.
    objective : {"sum", "mean"}, default "sum"
        "sum" is the objective of correlation clustering, which keeps clusters whole: every further
        related task counts. "mean" estimates the gain of each task by the mean over its companions,
        as Standley et al. do; it prefers the best pairs to whole clusters.
    seed : int, default 0
        Of the random starts of the heuristic.

    Returns
    -------
    Partition
        Groups from the largest to the smallest; `note` says whether the search was exact.

    Raises
    ------
    ParameterError
        If the matrix is not square or not finite, or another argument is invalid.

    Notes
    -----
    Up to 20 tasks the result is exact, by branch and bound over subsets: a branch ends at a group
    whose best split is worth as much as itself. For more tasks, a local search moves single tasks and
    merges groups, from a greedy start and 20 random ones; the result is exact where its value reaches
    the upper bound of every partition.

    References
    ----------
    Bansal, Blum & Chawla, "Correlation clustering", Machine Learning 2004.

    Standley, Zamir, Chen, Guibas, Malik & Savarese, "Which tasks should be learned together in
    multi-task learning?", ICML 2020.

    Examples
    --------
    >>> from polytask.search import best_partition
    >>> affinity = [[0, 0.9, 0.1], [0.8, 0, 0.2], [0.1, 0.0, 0]]
    >>> best_partition(affinity, tasks=["income", "tax", "height"], threshold=0.5).groups
    (('income', 'tax'), ('height',))
    """
    check(_OWNER, "threshold", threshold, Interval(float))
    check(_OWNER, "objective", objective, Choice(get_args(Objective)))
    check(_OWNER, "seed", seed, Interval(int, 0))
    matrix, names = affinity_matrix(_OWNER, affinity, tasks)
    above = matrix - threshold
    np.fill_diagonal(above, 0.0)
    groups, exact, note = _searched(above, objective, seed)
    value = sum(group_value(above, np.array(group), objective) for group in groups)
    ordered = sorted(map(sorted, groups), key=lambda group: (-len(group), group[0]))
    named = tuple(tuple(names[task] for task in group) for group in ordered)
    served = {task: position for position, group in enumerate(named) for task in group}
    return Partition(named, value, exact, note, {task: served[task] for task in names})


def _searched(
    above: np.ndarray, objective: Objective, seed: int
) -> tuple[list[list[int]], bool, str]:
    """Groups, whether they are the best there are, and how they were found."""
    n_tasks = len(above)
    groups = local_partition(above, objective, _RESTARTS, seed)
    value = sum(group_value(above, np.array(group), objective) for group in groups)
    if value >= upper_bound(above, objective) - _LEAST:
        return (
            groups,
            True,
            "no partition has a larger value, since it reaches the upper bound of all",
        )
    if n_tasks <= MOST_EXACT:
        note = f"the best of all partitions of {n_tasks} tasks, by branch and bound"
        return exact_partition(above, objective), True, note
    note = (
        f"{n_tasks} tasks are more than the {MOST_EXACT} of which all partitions are considered: "
        f"the best of local searches from a greedy start and {_RESTARTS} random ones, which may miss "
        "a better partition"
    )
    return groups, False, note
