"""Tasks that are not learned alone join the group whose predictions explain them best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polytask.analysis import AffinityRecord, GroupRuns
from polytask.analysis._explained import explained

__all__ = ["joined"]

Groups = tuple[tuple[str, ...], ...]


def joined(runs: GroupRuns, record: AffinityRecord, groups: Groups) -> Groups | None:
    r"""The partition in which tasks of unknown affinity join others; None if none does.

    .. math:: g(t) = \arg\max_g \frac{1}{|g|} \sum_{j \in g} R_{tj}

    with the multiple correlation :math:`R_{tj}` between the labels of task t and the out-of-fold
    scores of the network of task j alone. A task that no group explains beyond two standard errors
    joins the largest group of several tasks; without one, or where no network can score its rows, it
    stays alone.

    Parameters
    ----------
    runs : GroupRuns
        Whose tasks were trained alone.
    record : AffinityRecord
        Tasks that have no affinity at all, as they are not learned alone, are those that join.
    groups : tuple of tuple of str
        The partition that the affinity proposes.
    """
    known = np.isfinite(record.matrix)
    seen = {task for i, task in enumerate(record.tasks) if known[i].any() or known[:, i].any()}
    hosts = [group for group in groups if seen.intersection(group)]
    strangers = [task for task in record.tasks if task not in seen]
    if not hosts or not strangers:
        return None
    correlations, chance = explained(runs)
    place = {task: position for position, task in enumerate(runs.tasks)}
    members = {host: list(host) for host in hosts}
    alone = []
    for task in strangers:
        own = correlations[place[task]]
        strength = {host: float(own[[place[name] for name in host]].mean()) for host in hosts}
        host = _host(strength, chance[place[task]])
        if host is None:
            alone.append((task,))
        else:
            members[host].append(task)
    if len(alone) == len(strangers):
        return None
    return (*map(runs.group, members.values()), *alone)


def _host(strength: Mapping[tuple[str, ...], float], chance: float) -> tuple[str, ...] | None:
    """The group that a task joins, by how well each explains it; NaN where none can tell."""
    known = {group: value for group, value in strength.items() if np.isfinite(value)}
    best = max(known, key=lambda group: known[group], default=None)
    if best is not None and known[best] > chance:
        return best
    several = [group for group in known if len(group) > 1]
    return max(several, key=len, default=None)
