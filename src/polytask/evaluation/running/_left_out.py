"""Learners that are left out of a comparison, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from polytask import exceptions
from polytask.evaluation.running._candidates import Candidate, LearnersLike
from polytask.evaluation.running._records import RunRecord
from polytask.exceptions import PolytaskError
from polytask.learners import default_learners, unserved
from polytask.tasks import TaskSet

__all__ = ["remaining", "unserved_defaults", "why_left_out"]


def remaining(
    candidates: Sequence[Candidate], failed: Mapping[str, RunRecord]
) -> tuple[Candidate, ...]:
    """The candidates that gave models.

    Raises
    ------
    PolytaskError
        The first failure, if none of the learners asked for gave models.
    """
    left = [candidate for candidate in candidates if candidate.name not in failed]
    if not any(candidate.requested for candidate in left):
        record = next(failed[candidate.name] for candidate in candidates if candidate.requested)
        raise _error_class(record.error)(record.failure)
    return tuple(_without(candidate, failed) for candidate in left)


def _without(candidate: Candidate, failed: Mapping[str, RunRecord]) -> Candidate:
    """The candidate without a baseline or twin that gave no models."""
    baseline = None if candidate.baseline in failed else candidate.baseline
    twin = None if candidate.twin in failed else candidate.twin
    return replace(candidate, baseline=baseline, twin=twin)


def _error_class(name: str) -> type[PolytaskError]:
    """The public error that a record names."""
    error_class = getattr(exceptions, name) if name in exceptions.__all__ else exceptions.StudyError
    return error_class if name else exceptions.NonFiniteLossError


def why_left_out(failed: Mapping[str, RunRecord]) -> tuple[str, ...]:
    """One sentence per learner that gave no model."""
    return tuple(
        f"{name} is left out, since it gave no model with seed {record.spec.seed}: "
        f"{record.failure.rstrip('.')}."
        for name, record in failed.items()
    )


def unserved_defaults(learners: LearnersLike, tasks: TaskSet) -> tuple[str, ...]:
    """One sentence per default learner that cannot learn the tasks."""
    if learners is not None:
        return ()
    reasons = [unserved(learner, tasks) for learner in default_learners()]
    return tuple(f"{reason} It is left out." for reason in reasons if reason is not None)
