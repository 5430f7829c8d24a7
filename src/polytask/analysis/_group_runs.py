"""Networks of groups of tasks, and their predictions of rows that they were not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from polytask.analysis._cross_scores import CrossScores
from polytask.analysis._pooled_answers import pooled_answers
from polytask.analysis._rounds import FOLDS, SEEDS, rounds_of
from polytask.analysis._training_jobs import Group, ObservedJob, observe_job, training_jobs
from polytask.analysis._trainings import OnModel, Trainings
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.evaluation.running._outcome import Outcome
from polytask.executors import Executor
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import Observer
from polytask.predictor import FittedPredictor
from polytask.statistics import Answers

__all__ = ["Group", "GroupRuns"]


@dataclass(eq=False)
class GroupRuns(Trainings):
    """Trainings of groups of tasks, measured on rows that they were not trained on.

    Each group is trained once per round and fold, and kept: affinities and searches that share the
    object share its networks. Make it with `GroupRuns.of`.

    Parameters
    ----------
    data : MultiTaskDataset
        Rows of which some are trained on and others measured.
    learner : MultiTaskNetwork
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

    cross: CrossScores = field(init=False, repr=False)
    _answers: dict[Group, dict[str, Answers]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cross = CrossScores(self.data, len(self.rounds))

    @property
    def network(self) -> MultiTaskNetwork:
        """The learner."""
        network: MultiTaskNetwork = self.learner  # type: ignore[assignment] # was checked
        return network

    @property
    def n_splits(self) -> int:
        """Trainings of a group in all rounds."""
        return sum(len(one.splits) for one in self.rounds)

    @property
    def most_steps(self) -> int:
        """Steps of one training, at most."""
        if self.budget is not None:
            return self.budget.steps
        rows = self.rounds[0].splits[0].train
        return self.network.trainer.planned_steps(sum(map(len, rows.values())))

    @classmethod
    def of(
        cls,
        data: MultiTaskDataset,
        learner: object = "hard_sharing",
        *,
        split: Split | Splitter | str | None = None,
        folds: int | None = FOLDS,
        seeds: int = SEEDS,
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

    def n_missing(self, groups: Iterable[Iterable[str]]) -> int:
        """Networks that `train` would train: none for those whose models are in memory."""
        missing = self.missing(groups)
        splits = [split for one in self.rounds for split in one.splits]
        return sum(
            (id(split), group) not in self._with_models for split in splits for group in missing
        )

    def train(self, groups: Iterable[Iterable[str]]) -> None:
        """Train the groups that were not trained before."""
        missing = self.missing(groups)
        if not missing:
            return
        jobs = training_jobs(missing, self.rounds)
        found: dict[Group, list[list[Mapping[str, Outcome]]]] = {
            group: [[] for _ in self.rounds] for group in missing
        }
        for job, trained in zip(jobs, self._train(jobs), strict=True):
            for one in trained:
                if job.alone:
                    self.cross.add(one.group[0], job.split.test, one.scores)
                found[one.group][job.number].append(one.outcomes)
        units = unit_ids(self.data)
        for group, by_round in found.items():
            self._answers[group] = pooled_answers(by_round, self.data.tasks.subset(group), units)

    def models(
        self,
        *,
        rounds: int | None = None,
        folds: int | None = None,
        on_model: OnModel | None = None,
        alone: bool = False,
    ) -> list[list[FittedPredictor]]:
        """The networks of all tasks together, per round and split; those not there are trained.

        Parameters
        ----------
        rounds, folds, on_model
            As for any `Trainings`.
        alone : bool, default False
            The tasks' own networks in its place, all in one predictor.
        """
        groups: list[Group] = [(name,) for name in self.tasks] if alone else [self.tasks]
        chosen = [replace(one, splits=one.splits[:folds]) for one in self.rounds[:rounds]]
        return self._models_of(training_jobs(groups, chosen, groups), on_model)

    def observed_joint_trainings(self, observers: Sequence[Observer]) -> list[History]:
        """Histories of one joint training per round, on its first split, with observers.

        Parameters
        ----------
        observers : sequence of Observer
        """
        jobs = [ObservedJob(one.seed, one.splits[0], tuple(observers)) for one in self.rounds]
        store = self._store
        found = [None if store is None else store.read_history(job) for job in jobs]
        ahead = [position for position, history in enumerate(found) if history is None]
        for position, history in self._observe([jobs[place] for place in ahead]):
            found[ahead[position]] = history
            if store is not None:
                store.write_history(jobs[ahead[position]], history)
        histories = [history for history in found if history is not None]
        for job, history in zip(jobs, histories, strict=True):
            self.steps += history.n_steps
            self.n_networks += 1
            self.seconds += history.seconds
            if self.advance is not None:
                self.advance(f"all tasks, observed, {job.split.name}")
        return histories

    def _observe(self, jobs: Sequence[ObservedJob]) -> Iterator[tuple[int, History]]:
        if self.executor is not None:
            yield from self.executor.run(observe_job, jobs, self._common)
            return
        for position, job in enumerate(jobs):
            yield position, observe_job(job, self._common)
