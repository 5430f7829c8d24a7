"""Trainings of groups of tasks as jobs: some groups on the rows of one split."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from polytask._learner import Learner
from polytask._validation import message
from polytask.analysis._cross_scores import raw_scores
from polytask.analysis._networks import fit_alone, fit_groups, observed
from polytask.analysis._rounds import Round
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._outcome import Outcome, outcomes
from polytask.evaluation.running._positions import positions
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import Observer
from polytask.predictor import FittedPredictor
from polytask.training import silently

__all__ = [
    "Common",
    "Group",
    "ObservedJob",
    "TrainedGroup",
    "TrainingJob",
    "observe_job",
    "train_job",
    "training_jobs",
]

Group = tuple[str, ...]
"""Names of the tasks of a network, in the order of the data set."""

Common = tuple[MultiTaskDataset, Learner, Budget | None]
"""Rows, learner and the steps of one training. Only a joint network trains groups of tasks."""

OnTrained = Callable[[str], None]
"""Receives a description of every training that ended."""

_MOST_TOGETHER = 16
"""Networks of groups in one job. Who trains beside whom decides on rounding, so that the number does
not depend on how many jobs run at a time; what a kill interrupts is one job."""


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """Groups that are trained side by side on the rows of one split.

    Attributes
    ----------
    groups : tuple of tuple of str
        Either tasks alone or groups of several.
    seed : int
        Of all networks.
    split : Split
        Trains on its `train` rows, stops by its `validation` rows and measures its `test` rows.
    number : int
        Of the round that the job belongs to.
    keeps : frozenset of tuple of str
        Groups whose models are results, too.
    whole : bool
        Whether the learner's own `fit` learns all tasks, as any learner can.
    """

    groups: tuple[Group, ...]
    seed: int
    split: Split
    number: int = 0
    keeps: frozenset[Group] = frozenset()
    whole: bool = False

    @property
    def alone(self) -> bool:
        """Whether the groups are single tasks, each with a network of its own."""
        return len(self.groups[0]) == 1 and not self.whole

    @property
    def n_trainings(self) -> int:
        """Trainings that progress counts: tasks alone are one."""
        return 1 if self.alone else len(self.groups)

    def words(self, group: Group) -> str:
        """What a training is, for progress."""
        if self.alone:
            return f"{len(self.groups)} tasks apart, {self.split.name}"
        if self.whole:
            return f"all tasks, {self.split.name}"
        return f"{' + '.join(group[:3])}{' …' * (len(group) > 3)}, {self.split.name}"


@dataclass(frozen=True, eq=False)
class TrainedGroup:
    """Answers of the network of a group to the rows that a split measures.

    Attributes
    ----------
    group : tuple of str
    outcomes : mapping of task to Outcome
    scores : mapping of source to array of shape (n, size)
        Raw scores of all measured rows, of a task alone; empty for groups.
    steps : int
        Optimiser steps.
    seconds : float
        Share of the seconds of its job.
    model : FittedPredictor or None
        Where the job keeps it; that of a task alone predicts all tasks of the job.
    """

    group: Group
    outcomes: Mapping[str, Outcome]
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    model: FittedPredictor | None = None


def training_jobs(
    groups: Sequence[Group], rounds: Iterable[Round], keeps: Iterable[Group] = ()
) -> list[TrainingJob]:
    """Jobs that train groups on all splits: per split, tasks alone together and groups by parts."""
    kept = frozenset(keeps)
    alone = tuple(group for group in groups if len(group) == 1)
    joint = [group for group in groups if len(group) > 1]
    n_parts = -(-len(joint) // _MOST_TOGETHER)
    edges = [len(joint) * part // n_parts for part in range(n_parts + 1)] if joint else [0]
    parts = [tuple(joint[edges[k] : edges[k + 1]]) for k in range(n_parts)]
    return [
        TrainingJob(own, one.seed, split, number, kept & frozenset(own))
        for number, one in enumerate(rounds)
        for split in one.splits
        for own in ([alone] if alone else []) + parts
    ]


def train_job(
    job: TrainingJob, common: Common, on_done: OnTrained | None = None
) -> list[TrainedGroup]:
    """Train the groups of a job, and predict the rows that its split measures."""
    started = time.perf_counter()
    data = common[0]
    train, validation, test = job.split.apply(data)
    fit = _whole if job.whole else _alone if job.alone else _joint
    trained = fit(job, common, (train, validation, test), on_done)
    share = (time.perf_counter() - started) / len(trained)
    return [
        replace(one, seconds=share, model=one.model if one.group in job.keeps else None)
        for one in trained
    ]


Parts = tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]


def _alone(
    job: TrainingJob, common: Common, parts: Parts, on_done: OnTrained | None
) -> list[TrainedGroup]:
    data, network, budget = _network(common)
    train, validation, test = parts
    names = [name for group in job.groups for name in group]
    predictor = fit_alone(network, names, train, validation, job.seed, budget)
    measured = _outcomes(predictor, data, test, job.split)
    scores = raw_scores(predictor, test)
    if on_done is not None:
        on_done(job.words(job.groups[0]))
    return [
        TrainedGroup(
            (name,),
            {name: measured[name]},
            {source: own[name] for source, own in scores.items() if name in own},
            _steps(predictor),
            model=predictor,
        )
        for name in names
    ]


def _joint(
    job: TrainingJob, common: Common, parts: Parts, on_done: OnTrained | None
) -> list[TrainedGroup]:
    data, network, budget = _network(common)
    train, validation, test = parts

    def done(group: Sequence[str]) -> None:
        if on_done is not None:
            on_done(job.words(tuple(group)))

    fitted = fit_groups(network, job.groups, train, validation, job.seed, budget, done)
    return [
        TrainedGroup(
            group,
            _outcomes(predictor, data, test, job.split),
            steps=_steps(predictor),
            model=predictor,
        )
        for group, predictor in zip(job.groups, fitted, strict=True)
    ]


def _whole(
    job: TrainingJob, common: Common, parts: Parts, on_done: OnTrained | None
) -> list[TrainedGroup]:
    data, learner, budget = common
    train, validation, test = parts
    with silently():
        predictor = learner.fit(train, validation, job.seed, budget)  # type: ignore[arg-type]
    (group,) = job.groups
    if on_done is not None:
        on_done(job.words(group))
    measured = _outcomes(predictor, data, test, job.split)
    return [TrainedGroup(group, measured, steps=_steps(predictor), model=predictor)]


@dataclass(frozen=True, eq=False)
class ObservedJob:
    """All tasks, trained together with observers on the rows of one split."""

    seed: int
    split: Split
    observers: tuple[Observer, ...]


def observe_job(job: ObservedJob, common: Common) -> History:
    """Train with observers; the history of the training."""
    data, network, budget = _network(common)
    train, validation, _ = job.split.apply(data)
    return observed(network, train, validation, job.seed, budget, job.observers)


def _network(common: Common) -> tuple[MultiTaskDataset, MultiTaskNetwork, Budget | None]:
    """The same, of which the learner is known to be a network."""
    data, learner, budget = common
    if not isinstance(learner, MultiTaskNetwork):
        expected = "a network whose tasks share something, since others train no groups of tasks"
        raise ParameterError(message("polytask.analysis", "learner", expected, learner))
    return data, learner, budget


def _steps(predictor: FittedPredictor) -> int:
    return 0 if predictor.history is None else predictor.history.n_steps


def _outcomes(
    predictor: FittedPredictor, data: MultiTaskDataset, test: MultiTaskDataset, split: Split
) -> dict[str, Outcome]:
    names = predictor.tasks.names
    return outcomes(predictor, test.of_tasks(names), positions(data, split.test, names), names)
