"""How many networks an analysis trains, known before it begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from polytask._listing import count, enumerated
from polytask._validation import Interval, Optional, check, message
from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.exceptions import ParameterError

__all__ = ["PlannedNetworks", "check_networks", "planned_networks"]


class PlannedNetworks(NamedTuple):
    """Networks that an analysis trains, or finds in its folder.

    Attributes
    ----------
    n_networks : int
    steps : int
        Of one of them, at most.
    unknown : tuple of str
        Affinities that do not say what they train.
    """

    n_networks: int
    steps: int
    unknown: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What is said before the first is trained."""
        words = f"{count(self.n_networks, 'network')} of at most {self.steps:,} steps each"
        if not self.unknown:
            return words
        says = "does" if len(self.unknown) == 1 else "do"
        return f"{words}, and those of {enumerated(self.unknown)}, which {says} not say how many"


def planned_networks(
    runs: GroupRuns,
    methods: Sequence[Affinity],
    *,
    pairs: bool,
    groups: Iterable[Group] = (),
) -> PlannedNetworks:
    """The networks of a transfer map, of affinities and of further groups, each counted once.

    Parameters
    ----------
    runs : GroupRuns
        Of which nothing is trained here.
    methods : sequence of Affinity
    pairs : bool
    groups : iterable of tuple of str
        Random groups, and those of further analyses.
    """
    distinct = {runs.tasks, *((task,) for task in runs.tasks), *groups}
    distinct |= set(combinations(runs.tasks, 2)) if pairs else set()
    for method in methods:
        distinct.update(map(runs.group, method.trains(runs) or ()))
    observed = sum(method.observes for method in methods) * len(runs.rounds)
    unknown = tuple(method.name for method in methods if method.trains(runs) is None)
    return PlannedNetworks(len(distinct) * runs.n_splits + observed, runs.most_steps, unknown)


def check_networks(owner: str, most: int | None, planned: PlannedNetworks) -> None:
    """Raise if more networks are planned than may be trained.

    Raises
    ------
    ParameterError
    """
    check(owner, "most_networks", most, Optional(Interval(int, 1)))
    if most is not None and most < planned.n_networks:
        expected = f"at least {planned.n_networks:,}, as many as this analysis trains"
        remedy = "Allow more, leave out pairs or further analyses, or take fewer folds or seeds."
        raise ParameterError(message(owner, "most_networks", expected, most, remedy))
