"""Candidates of a comparison and their single-task baselines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.learners import (
    Constant,
    Estimator,
    Learner,
    as_learners,
    default_learners,
    on_device,
    unserved,
)
from polytask.merging import Merging
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import TaskSet

__all__ = [
    "Candidate",
    "LearnersLike",
    "check_served",
    "decisions",
    "make_candidates",
    "yardstick",
]


LearnerLike = str | Learner | Architecture | Merging | Estimator
LearnersLike = Iterable[LearnerLike | Sequence[Estimator]] | LearnerLike | None
"""Types of the argument `learners`."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A learner in a comparison.

    Parameters
    ----------
    name : str
        Unique in the comparison.
    learner : Learner
    baseline : str, optional
        Name of its single-task baseline; None for a learner that shares nothing.
    requested : bool
        Whether the caller requested it; False for one added as a reference or baseline.
    twin : str, optional
        Name of its twin, where that takes part.
    """

    name: str
    learner: Learner
    baseline: str | None = None
    requested: bool = True
    twin: str | None = None

    @property
    def joint(self) -> bool:
        """Whether tasks share anything."""
        return self.learner.joint

    @property
    def reference(self) -> bool:
        """Whether it is a reference that every other learner must beat."""
        return self.learner.reference


def make_candidates(
    learners: LearnersLike,
    tasks: TaskSet,
    device: str | None = None,
    precision: str | None = None,
    *,
    n_rows: int | None = None,
    images: bool = False,
    owner: str = "compare",
) -> tuple[Candidate, ...]:
    """Candidates for the learners requested (or the defaults), their baselines, and a constant.

    Networks, baselines among them, are trained on the given device and in the given precision.
    The defaults depend on the number of rows. Errors name the owner.
    """
    requested = on_device(
        _learners(learners, tasks, n_rows, owner, images=images), device, precision, owner
    )
    named = {learner.name: learner for learner in requested}
    baseline_of: dict[str, str] = {}
    for learner in requested:
        if learner.joint:
            alone = _alone(learner, requested, tasks)
            baseline_of[learner.name] = _add(named, alone, learner)
    check_served(named.values(), tasks)
    if not any(learner.reference for learner in requested):
        _add(named, Constant(), Constant(name="best constant"))
    baselines = list(dict.fromkeys(baseline_of.values()))
    order = [*baselines, *(name for name in named if name not in baselines)]
    own = {learner.name for learner in requested}
    return tuple(Candidate(name, named[name], baseline_of.get(name), name in own) for name in order)


def yardstick(candidates: tuple[Candidate, ...]) -> str:
    """The candidate against which all are measured: the first joint learner's baseline."""
    single_task = [c.name for c in candidates if not (c.joint or c.reference)] or [
        candidates[0].name
    ]
    return next((c.baseline for c in candidates if c.baseline is not None), single_task[0])


def _learners(
    learners: LearnersLike, tasks: TaskSet, n_rows: int | None, owner: str, *, images: bool
) -> list[Learner]:
    if learners is None:
        return list(default_learners(tasks, n_rows, images=images))
    return as_learners(learners, owner, tasks)


def _alone(learner: Learner, requested: Sequence[Learner], tasks: TaskSet) -> Learner:
    """The single-task baseline of a joint learner.

    This is what its `single_task` returns, else the first learner of its class that shares
    nothing, else the first of any class.
    """
    alone = learner.single_task()
    if alone is not None:
        return alone
    known = (*requested, *default_learners(tasks))
    single_task_learners = [other for other in known if not (other.joint or other.reference)]
    of_same_class = [other for other in single_task_learners if type(other) is type(learner)]
    return next(iter([*of_same_class, *single_task_learners]))


def _add(named: dict[str, Learner], alone: Learner, learner: Learner) -> str:
    """Add the baseline of a learner unless an equal one takes part; return its name."""
    for name, other in named.items():
        if _unlabelled(other) == _unlabelled(alone):
            return name
    name = alone.name
    if name in named:
        name = f"{name} ({learner.name})"
    named[name] = alone
    return name


def _unlabelled(learner: Learner) -> Learner:
    """A network without a name of its own, which has no part in its training."""
    return replace(learner, label=None) if isinstance(learner, MultiTaskNetwork) else learner


def check_served(learners: Iterable[Learner], tasks: TaskSet | MultiTaskDataset) -> None:
    """Raise if a learner cannot learn these tasks, or this data set."""
    for learner in learners:
        reason = unserved(learner, tasks)
        if reason is not None:
            raise ParameterError(reason)


def decisions(candidates: Sequence[Candidate], data: MultiTaskDataset) -> list[str]:
    """What the learners decide for a data set by themselves, each sentence once.

    Also how they spend their budget where it is not on one training and, where the trade-off between
    tasks is chosen in predicting, the one that is judged.
    """
    notes = [note for candidate in candidates for note in candidate.learner.notes(data)]
    spent = [note for candidate in candidates if (note := candidate.learner.budget_note)]
    at_equal = [candidate.name for candidate in candidates if candidate.learner.takes_preference]
    judged = [
        f"{name} is chosen and judged with equal preferences for all tasks; it predicts with any "
        "(`preference`)."
        for name in at_equal
    ]
    return list(dict.fromkeys([*notes, *spent, *judged]))
