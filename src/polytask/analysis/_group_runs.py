"""Networks of groups of tasks, and their predictions of rows that they were not trained on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from polytask._recipes import to_json
from polytask.analysis._cross_scores import CrossScores
from polytask.analysis._networks import observed
from polytask.analysis._pooled_answers import pooled_answers
from polytask.analysis._rounds import Round, rounds_of
from polytask.analysis._training_jobs import (
    Group,
    TrainedGroup,
    TrainingJob,
    train_job,
    training_jobs,
)
from polytask.analysis._training_store import TrainingStore, identity_of
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.evaluation.running._outcome import Outcome
from polytask.evaluation.running._run_progress import progress_bar
from polytask.evaluation.running._runner import versions
from polytask.evaluation.running._study_folder import out_folder, study_folder
from polytask.executors import Executor
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import Observer
from polytask.statistics import Answers
from polytask.training._progress import is_silent

__all__ = ["Group", "GroupRuns"]


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
    executor : Executor, optional
        Runs trainings, in jobs of some groups on one split; by default this process does.

    Attributes
    ----------
    seconds : float
        Spent in training and predicting, those of trainings that were kept in a folder among them.
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
    executor: Executor | None = None
    seconds: float = field(default=0.0, init=False)
    steps: int = field(default=0, init=False)
    n_networks: int = field(default=0, init=False)
    cross: CrossScores = field(init=False, repr=False)
    _answers: dict[Group, dict[str, Answers]] = field(default_factory=dict, init=False, repr=False)
    _store: TrainingStore | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.cross = CrossScores(self.data, len(self.rounds))
        self._common = (self.data, self.network, self.budget)

    @classmethod
    def of(
        cls,
        data: MultiTaskDataset,
        learner: object = "hard_sharing",
        *,
        split: Split | Splitter | str | None = None,
        folds: int | None = 5,
        seeds: int = 3,
        budget: Budget | None = None,
        advance: Callable[[str], None] | None = None,
        executor: Executor | None = None,
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
        seeds : int, default 3
            Trainings of every group per fold, each in folds of its own.
        budget : Budget, optional
            Steps of one training; by default those of the learner's trainer.
        advance : callable, optional
            Receives a description of every training that ended.
        executor : Executor, optional
            Of `polytask.executors`, such as ``LocalExecutor("auto")``; by default this process trains.

        Raises
        ------
        ParameterError
            If there is one task only, the learner is no network whose tasks share anything, or another
            argument is invalid.
        """
        from polytask.analysis._checked_arguments import checked_network

        network = checked_network(data, learner, budget)
        data, rounds = rounds_of(data, split, folds, seeds)
        return cls(data, network, rounds, budget, advance, executor)

    @contextmanager
    def keeping(
        self, folder: object, note: Callable[[str], None] = warnings.warn
    ) -> Iterator[GroupRuns]:
        """Keep the answers of every training in a folder, and take up those that are kept there.

        An analysis that was interrupted trains only what is missing when it is run again.

        Parameters
        ----------
        folder : str or Path, optional
            None keeps nothing.
        note : callable, optional
            Receives a sentence on what was damaged in the folder; by default it is a warning.

        Raises
        ------
        StudyError
            If the folder holds another study, of other data, learner, folds or budget, or cannot be
            used.
        """
        if folder is None:
            yield self
            return
        about, measured = identity_of(self._common, self.rounds)
        path = out_folder(folder, "GroupRuns")
        with study_folder(path, {**about, "split": measured}, note) as entered:
            self._store = TrainingStore(entered, {**about, "versions": versions()}, note)
            try:
                yield self
            finally:
                self._store = None

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
        jobs = training_jobs(missing, self.rounds)
        n_trainings = sum(job.n_trainings for job in jobs)
        quiet = self.advance is not None or is_silent()
        with progress_bar(n_trainings, "training groups", quiet=quiet) as advance:
            trained = self._trained(jobs, self.advance or advance)
        found: dict[Group, list[list[Mapping[str, Outcome]]]] = {
            group: [[] for _ in self.rounds] for group in missing
        }
        for position, job in enumerate(jobs):
            for one in trained[position]:
                self._count(one)
                if job.alone:
                    self.cross.add(one.group[0], job.split.test, one.scores)
                found[one.group][job.number].append(one.outcomes)
        units = unit_ids(self.data)
        for group, by_round in found.items():
            self._answers[group] = pooled_answers(by_round, self.data.tasks.subset(group), units)

    def _trained(
        self, jobs: Sequence[TrainingJob], advance: Callable[[str], None]
    ) -> list[list[TrainedGroup]]:
        """The trained groups of every job; those that are kept in the folder are not trained again."""
        done = [{} if self._store is None else self._store.read(job) for job in jobs]
        ahead = []
        for position, (job, kept) in enumerate(zip(jobs, done, strict=True)):
            missing = tuple(group for group in job.groups if group not in kept)
            for group in () if job.alone and missing else list(kept)[: job.n_trainings]:
                advance(job.words(group))
            if missing:
                ahead.append((position, replace(job, groups=missing)))
        for number, trained in self._run([job for _, job in ahead], advance):
            position, job = ahead[number]
            done[position] |= {one.group: one for one in trained}
            if self._store is not None:
                self._store.write(job, trained)
        return [[own[group] for group in job.groups] for own, job in zip(done, jobs, strict=True)]

    def _run(
        self, jobs: Sequence[TrainingJob], advance: Callable[[str], None]
    ) -> Iterator[tuple[int, list[TrainedGroup]]]:
        """Positions and results of jobs, by the executor if there is one."""
        if self.executor is None:
            for position, job in enumerate(jobs):
                yield position, train_job(job, self._common, advance)
            return
        for position, trained in self.executor.run(train_job, jobs, self._common):
            for one in trained[: jobs[position].n_trainings]:
                advance(jobs[position].words(one.group))
            yield position, trained

    def observed_joint_trainings(self, observers: Sequence[Observer]) -> list[History]:
        """Histories of one joint training per round, on its first split, with observers.

        Parameters
        ----------
        observers : sequence of Observer
        """
        histories = []
        for one in self.rounds:
            history = self._observed(one.seed, one.splits[0], observers)
            self.steps += history.n_steps
            self.n_networks += 1
            self.seconds += history.seconds
            histories.append(history)
            if self.advance is not None:
                self.advance(f"all tasks, observed, {one.splits[0].name}")
        return histories

    def _observed(self, seed: int, split: Split, observers: Sequence[Observer]) -> History:
        """The history of one joint training with observers; one that is kept is read."""
        names = [] if self._store is None else [to_json(observer) for observer in observers]
        kept = None if self._store is None else self._store.read_history(seed, split, names)
        if kept is not None:
            return kept
        train, validation, _ = split.apply(self.data)
        history = observed(self.network, train, validation, seed, self.budget, observers)
        if self._store is not None:
            self._store.write_history(seed, split, names, history)
        return history

    def _count(self, trained: TrainedGroup) -> None:
        self.seconds += trained.seconds
        self.steps += trained.steps
        self.n_networks += 1
