"""Trainings of groups of tasks as jobs: some groups on the rows of one split."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from polytask.analysis._cross_scores import raw_scores
from polytask.analysis._networks import fit_alone, fit_groups
from polytask.analysis._rounds import Round, positions
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._outcome import Outcome, outcomes
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor

__all__ = ["Common", "Group", "TrainedGroup", "TrainingJob", "train_job", "training_jobs"]

Group = tuple[str, ...]
"""Names of the tasks of a network, in the order of the data set."""

Common = tuple[MultiTaskDataset, MultiTaskNetwork, Budget | None]
"""Rows, network and the steps of one training."""

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
    """

    groups: tuple[Group, ...]
    seed: int
    split: Split
    number: int = 0

    @property
    def alone(self) -> bool:
        """Whether the groups are single tasks."""
        return len(self.groups[0]) == 1

    @property
    def n_trainings(self) -> int:
        """Trainings that progress counts: tasks alone are one."""
        return 1 if self.alone else len(self.groups)

    def words(self, group: Group) -> str:
        """What a training is, for progress."""
        if self.alone:
            return f"{len(self.groups)} tasks apart, {self.split.name}"
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
    """

    group: Group
    outcomes: Mapping[str, Outcome]
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0


def training_jobs(groups: Sequence[Group], rounds: Iterable[Round]) -> list[TrainingJob]:
    """Jobs that train groups on all splits: per split, tasks alone together and groups by parts."""
    alone = tuple(group for group in groups if len(group) == 1)
    joint = [group for group in groups if len(group) > 1]
    n_parts = -(-len(joint) // _MOST_TOGETHER)
    edges = [len(joint) * part // n_parts for part in range(n_parts + 1)] if joint else [0]
    parts = [tuple(joint[edges[k] : edges[k + 1]]) for k in range(n_parts)]
    return [
        TrainingJob(own, one.seed, split, number)
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
    fit = _alone if job.alone else _joint
    trained = fit(job, common, (train, validation, test), on_done)
    share = (time.perf_counter() - started) / len(trained)
    return [TrainedGroup(one.group, one.outcomes, one.scores, one.steps, share) for one in trained]


Parts = tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]


def _alone(
    job: TrainingJob, common: Common, parts: Parts, on_done: OnTrained | None
) -> list[TrainedGroup]:
    data, network, budget = common
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
        )
        for name in names
    ]


def _joint(
    job: TrainingJob, common: Common, parts: Parts, on_done: OnTrained | None
) -> list[TrainedGroup]:
    data, network, budget = common
    train, validation, test = parts

    def done(group: Sequence[str]) -> None:
        if on_done is not None:
            on_done(job.words(tuple(group)))

    fitted = fit_groups(network, job.groups, train, validation, job.seed, budget, done)
    return [
        TrainedGroup(group, _outcomes(predictor, data, test, job.split), steps=_steps(predictor))
        for group, predictor in zip(job.groups, fitted, strict=True)
    ]


def _steps(predictor: FittedPredictor) -> int:
    return 0 if predictor.history is None else predictor.history.n_steps


def _outcomes(
    predictor: FittedPredictor, data: MultiTaskDataset, test: MultiTaskDataset, split: Split
) -> dict[str, Outcome]:
    names = predictor.tasks.names
    dropped = set(data.tasks.names) - set(names)
    of_test = positions(data, split.test)
    rows = {
        source.name: of_test[source.name][source.rows_without(dropped)] for source in test.sources
    }
    return outcomes(predictor, test.without_tasks(dropped), rows, names)
