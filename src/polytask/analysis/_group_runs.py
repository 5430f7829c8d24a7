"""Networks of groups of tasks, and their predictions of rows that they were not trained on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from polytask.analysis._cross_scores import CrossScores
from polytask.analysis._networks import fit_alone, fit_groups, observed
from polytask.analysis._pooled_answers import pooled_answers
from polytask.analysis._rounds import Round, rounds_of
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.evaluation.running._outcome import Outcome, outcomes
from polytask.evaluation.running._run_progress import progress_bar
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import Observer
from polytask.predictor import FittedPredictor
from polytask.statistics import Answers
from polytask.training._progress import is_silent

__all__ = ["Group", "GroupRuns"]

Group = tuple[str, ...]
"""Names of the tasks of a network, in the order of the data set."""


@dataclass(eq=False)
class GroupRuns:
    """Trainings of groups of tasks, measured on rows that they were not trained on.

    Each group is trained once per round and fold, and kept: affinities and searches that share the
    object share its networks. Make it with `GroupRuns.of`.

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
        Receives a description of every training that ended; by default a bar is shown on terminals.

    Attributes
    ----------
    seconds : float
        Spent in training and predicting.
    steps : int
        Optimiser steps of all networks together; a step of K networks of single tasks is K steps.
    n_networks : int
        Networks trained.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns
    >>> from polytask.bookkeeping import Budget, History
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> runs = GroupRuns.of(data, "hard_sharing", folds=2, seeds=1, budget=Budget(steps=5))
    >>> runs.train([["task_0", "task_1"], ["task_2"]])
    >>> runs.n_networks
    4
    """

    data: MultiTaskDataset
    network: MultiTaskNetwork
    rounds: Sequence[Round]
    budget: Budget | None = None
    advance: Callable[[str], None] | None = None
    seconds: float = field(default=0.0, init=False)
    steps: int = field(default=0, init=False)
    n_networks: int = field(default=0, init=False)
    cross: CrossScores = field(init=False, repr=False)
    _answers: dict[Group, dict[str, Answers]] = field(default_factory=dict, init=False, repr=False)
    _shown: Callable[[str], None] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.cross = CrossScores(self.data, len(self.rounds))

    @classmethod
    def of(
        cls,
        data: MultiTaskDataset,
        learner: object = "hard_sharing",
        *,
        split: Split | Splitter | str | None = None,
        folds: int | None = 5,
        seeds: int = 2,
        budget: Budget | None = None,
        advance: Callable[[str], None] | None = None,
    ) -> GroupRuns:
        """Check the arguments, and draw the rows that are measured.

        Parameters
        ----------
        data : MultiTaskDataset
            Of at least two tasks.
        learner : str, MultiTaskNetwork or Architecture, default "hard_sharing"
        split : Split, Splitter or str, optional
            Its test rows are left alone: neither trained on nor measured; of several splits, those
            of the first. Columns that only determine a split are no inputs. Without it all rows are
            used.
        folds : int, optional, default 5
            All other rows are measured by cross-validation in folds drawn anew for each seed; None
            trains on the split's training rows and measures its validation rows, and is needed
            where rows are split by time.
        seeds : int, default 2
            Trainings of every group per fold, each in folds of its own.
        budget : Budget, optional
            Steps of one training; by default those of the learner's trainer.
        advance : callable, optional
            Receives a description of every training that ended.

        Raises
        ------
        ParameterError
            If there is one task only, the learner is no network whose tasks share anything, or another
            argument is invalid.
        """
        from polytask.analysis._checked_arguments import checked_network

        network = checked_network(data, learner, budget)
        data, rounds = rounds_of(data, split, folds, seeds)
        return cls(data, network, rounds, budget, advance)

    @property
    def tasks(self) -> Group:
        """Names of all tasks."""
        return self.data.tasks.names

    def group(self, tasks: Iterable[str]) -> Group:
        """The group of some tasks, in the order of the data set.

        Raises
        ------
        ParameterError
            If there is no such task.
        """
        wanted = list(tasks)
        self.data.tasks.subset(wanted)
        return tuple(name for name in self.tasks if name in wanted)

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
        n_joint = sum(len(group) > 1 for group in missing)
        total = (n_joint + (n_joint < len(missing))) * sum(len(one.splits) for one in self.rounds)
        quiet = self.advance is not None or is_silent()
        with progress_bar(total, "training groups", quiet=quiet) as advance:
            self._shown = self.advance or advance
            for one in self.rounds:
                for group in missing:
                    found[group].append([])
                for split in one.splits:
                    for group, outcome in self._measured(missing, one.seed, split).items():
                        found[group][-1].append(outcome)
        self._shown = None
        units = unit_ids(self.data)
        for group, by_round in found.items():
            self._answers[group] = pooled_answers(by_round, self.data.tasks.subset(group), units)
        self.seconds += time.perf_counter() - started

    def observed_joint_trainings(self, observers: Sequence[Observer]) -> list[History]:
        """Histories of one joint training per round, on its first split, with observers.

        Parameters
        ----------
        observers : sequence of Observer
        """
        started = time.perf_counter()
        histories = []
        for one in self.rounds:
            split = one.splits[0]
            train, validation, _ = split.apply(self.data)
            history = observed(self.network, train, validation, one.seed, self.budget, observers)
            self.steps += history.n_steps
            self.n_networks += 1
            histories.append(history)
            self._advance(f"all tasks, observed, {split.name}")
        self.seconds += time.perf_counter() - started
        return histories

    def _measured(
        self, groups: Sequence[Group], seed: int, split: Split
    ) -> dict[Group, dict[str, Outcome]]:
        """Train groups on the rows of a split, and predict its test rows."""
        train, validation, test = split.apply(self.data)
        found: dict[Group, dict[str, Outcome]] = {}
        alone = [name for group in groups if len(group) == 1 for name in group]
        if alone:
            predictor = fit_alone(self.network, alone, train, validation, seed, self.budget)
            self._count(predictor, len(alone))
            self.cross.add(predictor, test, split)
            measured = self._outcomes(predictor, test, split)
            found |= {(name,): {name: measured[name]} for name in alone}
            self._advance(f"{len(alone)} tasks apart, {split.name}")
        joint = [group for group in groups if len(group) > 1]

        def done(group: Sequence[str]) -> None:
            self._advance(f"{' + '.join(group[:3])}{' …' * (len(group) > 3)}, {split.name}")

        fitted = fit_groups(self.network, joint, train, validation, seed, self.budget, done)
        for group, predictor in zip(joint, fitted, strict=True):
            self._count(predictor, 1)
            found[group] = self._outcomes(predictor, test, split)
        return found

    def _outcomes(
        self, predictor: FittedPredictor, test: MultiTaskDataset, split: Split
    ) -> dict[str, Outcome]:
        names = predictor.tasks.names
        dropped = set(self.tasks) - set(names)
        rows, start = {}, 0
        for source, tested in zip(self.data.sources, test.sources, strict=True):
            positions = start + split.test.get(source.name, np.zeros(0, dtype=np.int64))
            rows[source.name] = positions[tested.rows_without(dropped)]
            start += source.n_rows
        return outcomes(predictor, test.without_tasks(dropped), rows, names)

    def _count(self, predictor: FittedPredictor, n_networks: int) -> None:
        steps = 0 if predictor.history is None else predictor.history.n_steps
        self.steps += steps * n_networks
        self.n_networks += n_networks

    def _advance(self, description: str) -> None:
        shown = self._shown or self.advance
        if shown is not None:
            shown(description)
