"""Overlapping groups of tasks under a budget of networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from polytask._validation import Interval, check
from polytask.search._affinity_matrix import affinity_matrix
from polytask.search._local_partition import merged_groups
from polytask.search._partition import Partition

__all__ = ["best_cover"]

_OWNER = "best_cover"
_MOST_EXACT = 8
"""Tasks of which all groups are candidates."""
_TIE = 1e-7
"""What a network costs, so that none is trained for nothing."""


def best_cover(
    affinity: Any,
    n_networks: int,
    *,
    tasks: Sequence[str] | None = None,
    threshold: float = 0.0,
) -> Partition:
    r"""Groups under a budget of networks, each task served by its best group; groups may overlap.

    .. math:: \max_{|\mathcal G| \le B} \sum_i \max_{g \in \mathcal G,\, i \in g} a_i(g), \qquad
              a_i(g) = \frac{1}{|g| - 1} \sum_{j \in g \setminus i} (A_{ij} - \tau)

    with the affinity :math:`A_{ij}` of task i to task j and the threshold :math:`\tau`; alone, a task
    gains 0. A task may be in a group only to help others there.

    Parameters
    ----------
    affinity : AffinityRecord, TransferMap, or array of shape (k, k)
        As for `best_partition`.
    n_networks : int
        Networks B that may be trained.
    tasks : sequence of str, optional
        Names of the rows of an array, by default their numbers.
    threshold : float, default 0.0
        Affinity from which it pays to be together.

    Returns
    -------
    Partition
        `served_by` names the group of each task; groups that serve none are left out.

    Raises
    ------
    ParameterError
        If the matrix is not square or not finite, or another argument is invalid.

    Notes
    -----
    A mixed integer program (HiGHS, through `scipy.optimize.milp`) with a variable per group, and per
    group and task. Up to 8 tasks all groups are candidates, and the result is exact; for more, the
    candidates are the tasks alone, all pairs, all tasks, and the groups that merging the two nearest
    passes through, and the note says so.

    References
    ----------
    Standley, Zamir, Chen, Guibas, Malik & Savarese, "Which tasks should be learned together in
    multi-task learning?", ICML 2020, who search all sets of networks by branch and bound.

    Examples
    --------
    Task b helps both others, which do not help each other:

    >>> from polytask.search import best_cover
    >>> affinity = [[0, 1, -1], [0, 0, 0], [-1, 1, 0]]
    >>> cover = best_cover(affinity, 2, tasks=["a", "b", "c"])
    >>> cover.groups
    (('a', 'b'), ('b', 'c'))
    """
    check(_OWNER, "n_networks", n_networks, Interval(int, 1))
    check(_OWNER, "threshold", threshold, Interval(float))
    matrix, names = affinity_matrix(_OWNER, affinity, tasks)
    above = matrix - threshold
    np.fill_diagonal(above, 0.0)
    exact = len(names) <= _MOST_EXACT
    members = _all_groups(len(names)) if exact else _likely_groups(above)
    gains = _gains(above, members)
    serving = _solved(gains, members, n_networks)
    used = sorted(set(serving), key=lambda group: (-members[group].sum(), group))
    groups = tuple(tuple(names[i] for i in np.flatnonzero(members[group])) for group in used)
    value = float(sum(gains[group, task] for task, group in enumerate(serving)))
    served = {name: used.index(serving[task]) for task, name in enumerate(names)}
    return Partition(groups, value, exact, _note(len(names), len(members), exact), served)


def _note(n_tasks: int, n_candidates: int, exact: bool) -> str:
    if exact:
        return f"the best groups of {n_tasks} tasks, by mixed integer programming"
    return (
        f"{n_tasks} tasks are more than the {_MOST_EXACT} of which all groups are considered: the best "
        f"of {n_candidates:,} likely groups, which may miss better ones"
    )


def _all_groups(n_tasks: int) -> Bool[np.ndarray, "g k"]:
    codes = np.arange(1, 2**n_tasks)
    return (codes[:, None] >> np.arange(n_tasks) & 1).astype(bool)


def _likely_groups(above: Float64[np.ndarray, "k k"]) -> Bool[np.ndarray, "g k"]:
    """Tasks alone, pairs, all, and the groups on the way of merging the two nearest."""
    n_tasks = len(above)
    eye = np.eye(n_tasks, dtype=bool)
    pairs = [eye[i] | eye[j] for i in range(n_tasks) for j in range(i)]
    rows = [*eye, *pairs, np.ones(n_tasks, dtype=bool)]
    for group in merged_groups(above):
        row = np.zeros(n_tasks, dtype=bool)
        row[group] = True
        rows.append(row)
    return np.unique(np.array(rows), axis=0)


def _gains(
    above: Float64[np.ndarray, "k k"], members: Bool[np.ndarray, "g k"]
) -> Float64[np.ndarray, "g k"]:
    """Gain of every task in every group; 0 alone."""
    inside = members.astype(float)
    others = np.maximum(inside.sum(axis=1, keepdims=True) - 1, 1)
    return (inside @ above.T) / others


def _solved(
    gains: Float64[np.ndarray, "g k"], members: Bool[np.ndarray, "g k"], n_networks: int
) -> list[int]:
    """The group that serves each task."""
    group, task = np.nonzero(members)
    n_groups, n_pairs = len(members), len(group)
    cost = np.concatenate([np.full(n_groups, _TIE), -gains[group, task]])
    pair = np.arange(n_pairs)
    ones = np.ones(n_pairs)
    once = csr_array((ones, (task, n_groups + pair)), (members.shape[1], n_groups + n_pairs))
    trained = csr_array(
        (
            np.concatenate([ones, -ones]),
            (np.tile(pair, 2), np.concatenate([n_groups + pair, group])),
        ),
        (n_pairs, n_groups + n_pairs),
    )
    few = np.concatenate([np.ones(n_groups), np.zeros(n_pairs)])[None]
    result = milp(
        cost,
        integrality=np.concatenate([np.ones(n_groups), np.zeros(n_pairs)]),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(once, 1, 1),
            LinearConstraint(trained, -np.inf, 0),
            LinearConstraint(few, 0, n_networks),
        ],
    )
    chosen = np.zeros(gains.shape)
    chosen[group, task] = result.x[n_groups:]
    return [int(row) for row in chosen.argmax(axis=0)]
