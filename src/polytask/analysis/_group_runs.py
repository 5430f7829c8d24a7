"""Networks of groups of tasks, and their predictions of rows that they were not trained on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from polytask.analysis._pooled_answers import pooled_answers
from polytask.analysis._rounds import Round
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.evaluation.running._outcome import Outcome, outcomes
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.statistics import Answers

__all__ = ["Group", "GroupRuns", "Watch"]

Group = tuple[str, ...]
"""Names of the tasks of a network, in the order of the data set."""

Watch = Callable[[FittedPredictor, MultiTaskDataset, Round, Split], None]
"""Receives the networks of single tasks of every training, the rows that they are measured on, and
which these are."""


@dataclass(eq=False)
class GroupRuns:
    """Trainings of groups of tasks; each group is trained once per round and fold.

    Parameters
    ----------
    data : MultiTaskDataset
        Rows of which some are trained on and others measured.
    network : MultiTaskNetwork
        Tasks alone are trained by its `single_task`.
    rounds : sequence of Round
        Each measures the same rows.
    budget : Budget, optional
        The steps of one training; by default those of the trainer.
    advance : callable, optional
        Receives a description of every training that ended.

    Attributes
    ----------
    seconds : float
        Spent in training and predicting.
    steps : int
        Optimiser steps of all networks together; a step of K networks of single tasks is K steps.
    n_trained : int
        Networks trained.
    """

    data: MultiTaskDataset
    network: MultiTaskNetwork
    rounds: Sequence[Round]
    budget: Budget | None = None
    advance: Callable[[str], None] | None = None
    watch: Watch | None = None
    seconds: float = 0.0
    steps: int = 0
    n_trained: int = 0
    _answers: dict[Group, dict[str, Answers]] = field(default_factory=dict, repr=False)

    def group(self, tasks: Iterable[str]) -> Group:
        """The group of some tasks, in the order of the data set."""
        wanted = set(tasks)
        return tuple(name for name in self.data.tasks.names if name in wanted)

    def answers(self, tasks: Iterable[str]) -> Mapping[str, Answers]:
        """Predictions of a group's tasks, one run per round; it is trained if it was not before."""
        group = self.group(tasks)
        self.train([group])
        return self._answers[group]

    def missing(self, groups: Iterable[Iterable[str]]) -> list[Group]:
        """Groups that were not trained, each once."""
        return [g for g in dict.fromkeys(map(self.group, groups)) if g not in self._answers]

    def train(self, groups: Iterable[Iterable[str]]) -> None:
        """Train the groups that were not trained before."""
        missing = self.missing(groups)
        if not missing:
            return
        started = time.perf_counter()
        found: dict[Group, list[list[Mapping[str, Outcome]]]] = {group: [] for group in missing}
        for one in self.rounds:
            for group in missing:
                found[group].append([])
            for split in one.splits:
                for group, outcome in self._measured(missing, one, split).items():
                    found[group][-1].append(outcome)
        units = unit_ids(self.data)
        for group, by_round in found.items():
            self._answers[group] = pooled_answers(by_round, self.data.tasks.subset(group), units)
        self.seconds += time.perf_counter() - started

    def _measured(
        self, groups: Sequence[Group], one: Round, split: Split
    ) -> dict[Group, dict[str, Outcome]]:
        """Train groups on the rows of a split, and predict its test rows."""
        train, validation, test = split.apply(self.data)
        rows = _positions(self.data, split.test)
        alone = [group for group in groups if len(group) == 1]
        found: dict[Group, dict[str, Outcome]] = {}
        if alone:
            kept = [name for group in alone for name in group]
            predictor = self._fit(self.network.single_task(), train, validation, kept, one.seed)
            if self.watch is not None:
                self.watch(predictor, test, one, split)
            measured = outcomes(predictor, _only(test, kept), _of(test, rows, kept), kept)
            found |= {(name,): {name: measured[name]} for name in kept}
            self._advance(f"{len(kept)} tasks apart, {split.name}")
        for group in (group for group in groups if len(group) > 1):
            predictor = self._fit(self.network, train, validation, group, one.seed)
            found[group] = outcomes(predictor, _only(test, group), _of(test, rows, group), group)
            self._advance(f"{' + '.join(group[:3])}{' …' * (len(group) > 3)}, {split.name}")
        return found

    def _fit(
        self,
        network: MultiTaskNetwork,
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        tasks: Sequence[str],
        seed: int,
    ) -> FittedPredictor:
        unobserved = replace(network, trainer=replace(network.trainer, observers=()))
        predictor = unobserved.fit(
            _only(train, tasks), _only(validation, tasks), seed, self.budget, progress=False
        )
        steps = 0 if predictor.history is None else predictor.history.n_steps
        self.steps += steps * (1 if network.joint else len(tasks))
        self.n_trained += 1 if network.joint else len(tasks)
        return predictor

    def _advance(self, description: str) -> None:
        if self.advance is not None:
            self.advance(description)


def _only(data: MultiTaskDataset, tasks: Iterable[str]) -> MultiTaskDataset:
    return data.without_tasks(set(data.tasks.names) - set(tasks))


def _of(
    data: MultiTaskDataset, rows: Mapping[str, np.ndarray], tasks: Iterable[str]
) -> dict[str, np.ndarray]:
    """Positions of the rows that `_only` keeps."""
    dropped = set(data.tasks.names) - set(tasks)
    return {s.name: rows[s.name][s.rows_without(dropped)] for s in data.sources}


def _positions(
    data: MultiTaskDataset, rows: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Positions in the whole data set, its sources one after another, of some rows of each."""
    positions, start = {}, 0
    for source in data.sources:
        positions[source.name] = start + rows.get(source.name, np.zeros(0, dtype=np.int64))
        start += source.n_rows
    return positions
