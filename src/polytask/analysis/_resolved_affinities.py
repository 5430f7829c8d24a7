"""Affinities by their names."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._naming import made
from polytask._validation import InstanceOf, check, message
from polytask.analysis._affinity import Affinity
from polytask.exceptions import ParameterError

__all__ = ["Affinities", "resolved_affinities"]

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
