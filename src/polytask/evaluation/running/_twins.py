"""Single-task twins of the joint learners of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from polytask.data import MultiTaskDataset
from polytask.evaluation.running._candidates import Candidate
from polytask.learners import Learner, unserved

__all__ = ["with_twins"]


def with_twins(
    candidates: Sequence[Candidate], data: MultiTaskDataset
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Add the twin of each joint learner that was requested, after it.

    A twin takes part once, and is nobody's baseline.

    Returns
    -------
    tuple of Candidate
        Joint learners with the names of their twins.
    tuple of str
        A sentence for each joint learner without a twin.
    """
    with_added: list[Candidate] = []
    notes = []
    for candidate in candidates:
        with_added.append(candidate)
        if not (candidate.requested and candidate.joint):
            continue
        twin = candidate.learner.twin()
        if twin is None:
            notes.append(f"{candidate.name} has no twin: its family learns no task alone.")
        elif (reason := unserved(twin, data)) is not None:
            notes.append(f"The twin {twin.name} is left out: {reason}")
        else:
            known = {other.name: other for other in (*candidates, *with_added)}
            equal = [name for name, other in known.items() if other.learner == twin]
            name = equal[0] if equal else _name(twin, candidate, known)
            with_added[-1] = replace(candidate, twin=name)
            if not equal:
                with_added.append(Candidate(name, twin, requested=False))
    return tuple(with_added), tuple(notes)


def _name(twin: Learner, candidate: Candidate, taken: Collection[str]) -> str:
    return f"{twin.name} ({candidate.name})" if twin.name in taken else twin.name
