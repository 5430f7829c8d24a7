"""Learners that are left out of a comparison, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from polytask import exceptions
from polytask.evaluation.running._candidates import Asked, Candidate
from polytask.evaluation.running._records import RunRecord
from polytask.exceptions import PolytaskError
from polytask.learners import default_learners, unserved
from polytask.tasks import TaskSet

__all__ = ["failure", "remaining", "unserved_defaults", "why_left_out"]


def failure(places: Sequence[Sequence[RunRecord]]) -> RunRecord | None:
    """A record of the first fold and seed where no trial of a learner gave a model, if any."""
    return next((trials[0] for trials in places if all(one.failure for one in trials)), None)


def remaining(
    entrants: Sequence[Candidate], failed: Mapping[str, RunRecord]
) -> tuple[Candidate, ...]:
    """The candidates that gave models.

    Raises
    ------
    PolytaskError
        The first failure, if none of the learners asked for gave models.
    """
    left = [one for one in entrants if one.name not in failed]
    if not any(one.asked for one in left):
        record = next(failed[one.name] for one in entrants if one.asked)
        raise _error_class(record.error)(record.failure)
    return tuple(replace(one, baseline=None) if one.baseline in failed else one for one in left)


def _error_class(name: str) -> type[PolytaskError]:
    """The public error that a record names."""
    found = getattr(exceptions, name) if name in exceptions.__all__ else exceptions.StudyError
    return found if name else exceptions.NonFiniteLossError


def why_left_out(failed: Mapping[str, RunRecord]) -> tuple[str, ...]:
    """A sentence for each learner that gave no model."""
    return tuple(
        f"{name} is left out, since it gave no model with seed {record.spec.seed}: "
        f"{record.failure.rstrip('.')}."
        for name, record in failed.items()
    )


def unserved_defaults(learners: Asked, tasks: TaskSet) -> tuple[str, ...]:
    """A sentence for each learner that would be compared by default, and cannot learn the tasks."""
    if learners is not None:
        return ()
    reasons = [unserved(one, tasks) for one in default_learners()]
    return tuple(f"{reason} It is left out." for reason in reasons if reason is not None)
