"""Candidates of a comparison and their single-task baselines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
from polytask.tasks import TaskSet

__all__ = ["Asked", "Candidate", "candidates", "check_served", "yardstick"]


One = str | Learner | Architecture | Estimator
Asked = Iterable[One | Sequence[Estimator]] | One | None
"""What people hand over as `learners`."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A learner in a comparison.

    Parameters
    ----------
    name : str
        Unique in the comparison.
    learner : Learner
    baseline : str, optional
        The candidate that is its single-task self; None if it is one.
    asked : bool
        Whether it takes part for its own sake, and not only as somebody's single-task self.
    """

    name: str
    learner: Learner
    baseline: str | None = None
    asked: bool = True

    @property
    def joint(self) -> bool:
        """Whether tasks share anything."""
        return self.learner.joint

    @property
    def reference(self) -> bool:
        """Whether it only marks what any other must beat."""
        return self.learner.reference


def candidates(
    learners: Asked, tasks: TaskSet, device: str | None = None, precision: str | None = None
) -> tuple[Candidate, ...]:
    """The learners asked for (or sensible ones), their single-task selves, and a constant last.

    Networks, those selves among them, are trained on the device and in the precision given.
    """
    asked = on_device(_learners(learners, tasks), device, precision, "compare")
    named = {learner.name: learner for learner in asked}
    selves: dict[str, str] = {}
    for learner in asked:
        if learner.joint:
            alone = _alone(learner, asked, tasks)
            selves[learner.name] = _add(named, alone, learner)
    check_served(named.values(), tasks)
    if not any(learner.reference for learner in asked):
        _add(named, Constant(), Constant(name="best constant"))
    baselines = list(dict.fromkeys(selves.values()))
    order = [*baselines, *(name for name in named if name not in baselines)]
    own = {learner.name for learner in asked}
    return tuple(Candidate(name, named[name], selves.get(name), name in own) for name in order)


def yardstick(entrants: tuple[Candidate, ...]) -> str:
    """The candidate against which all are measured: the first joint learner's single-task self."""
    apart = [c.name for c in entrants if not (c.joint or c.reference)] or [entrants[0].name]
    return next((c.baseline for c in entrants if c.baseline is not None), apart[0])


def _learners(learners: Asked, tasks: TaskSet) -> list[Learner]:
    if learners is None:
        return list(default_learners(tasks))
    return as_learners(learners, "compare", tasks)


def _alone(learner: Learner, asked: Sequence[Learner], tasks: TaskSet) -> Learner:
    """The single-task self of a joint learner.

    It is what the learner says by its method `single_task`; else the first learner of its class
    that shares nothing, or of any class.
    """
    alone = learner.single_task()
    if alone is not None:
        return alone
    known = (*asked, *default_learners(tasks))
    apart = [one for one in known if not (one.joint or one.reference)]
    alike = [one for one in apart if type(one) is type(learner)]
    return next(iter([*alike, *apart]))


def _add(named: dict[str, Learner], alone: Learner, learner: Learner) -> str:
    """Let the single-task self of a learner take part, once; return its name."""
    for name, other in named.items():
        if other == alone:
            return name
    name = alone.name
    if name in named:
        name = f"{name} ({learner.name})"
    named[name] = alone
    return name


def check_served(learners: Iterable[Learner], tasks: TaskSet | MultiTaskDataset) -> None:
    """Raise in words if a learner cannot learn these tasks, or this data set."""
    for learner in learners:
        reason = unserved(learner, tasks)
        if reason is not None:
            raise ParameterError(reason)
