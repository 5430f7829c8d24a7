"""What a comparison tries of a learner inside another one."""

from __future__ import annotations

from collections.abc import Iterable

from polytask._learner import Learner

__all__ = ["inner_tuned"]


def inner_tuned(learner: Learner, known: Iterable[str]) -> tuple[str, ...] | None:
    """The settings that a comparison tries of an inner learner, by the paths of the outer one.

    Parameters
    ----------
    learner : Learner
    known : iterable of str
        Paths in the search space of the outer learner.
    """
    if learner.tuned is None:
        return None
    paths = list(known)
    return tuple(
        path
        for own in learner.tuned
        for path in paths
        if path == own or path.endswith(f".{own}") or own.endswith(f".{path}")
    )
