"""Affinities by their names."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._naming import made
from polytask._validation import InstanceOf, check, message
from polytask.analysis._affinity import Affinity
from polytask.analysis._affinity_record import AffinityRecord
from polytask.analysis._group_runs import GroupRuns
from polytask.exceptions import ParameterError

__all__ = ["Affinities", "estimated", "resolved_affinities"]

Affinities = Sequence[Affinity | str] | Affinity | str
"""An affinity or its name, or several."""


def resolved_affinities(owner: str, affinities: Affinities) -> tuple[Affinity, ...]:
    """Affinities of `polytask.analysis`, or of the user's own, by their names.

    Raises
    ------
    UnknownNameError
        If there is no such affinity.
    ParameterError
        If there is none at all, or something else.
    """
    several = [affinities] if isinstance(affinities, str | Affinity) else list(affinities)
    if not several:
        expected = "at least one affinity, such as 'prediction_similarity'"
        raise ParameterError(message(owner, "affinities", expected, several))
    methods = [
        made(one, "polytask.analysis", "affinity", Affinity, imports=True)
        if isinstance(one, str)
        else one
        for one in several
    ]
    for method in methods:
        check(owner, "affinities", method, InstanceOf((Affinity,)))
    return tuple(methods)


def estimated(methods: Sequence[Affinity], runs: GroupRuns) -> tuple[AffinityRecord, ...]:
    """What affinities say of the tasks, in their order.

    Those that only read the networks of all tasks come first, so that these are kept to be read where
    another trains the same groups.
    """
    readers_first = sorted(methods, key=lambda method: bool(method.trains(runs)))
    records = {id(method): method.estimate(runs) for method in readers_first}
    return tuple(records[id(method)] for method in methods)
