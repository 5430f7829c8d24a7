"""Trainings of one learner on the splits of rounds: by an executor, and kept in a folder."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from polytask._learner import Learner
from polytask._recipes import names_in, to_json
from polytask._trust import trusted_here
from polytask._untrusted import packages_of
from polytask.analysis._measured_store import MeasuredStore
from polytask.analysis._rounds import Round
from polytask.analysis._training_jobs import Group, TrainedGroup, TrainingJob, train_job
from polytask.analysis._training_store import TrainingStore, identity_of
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._run_progress import progress_bar
from polytask.evaluation.running._runner import versions
from polytask.evaluation.running._study_folder import out_folder, study_folder
from polytask.executors import Executor
from polytask.predictor import FittedPredictor
from polytask.training._progress import is_silent

__all__ = ["OnModel", "Trainings"]

OnModel = Callable[[Split, FittedPredictor], None]
"""Receives every model as soon as it is there, and raises if others need not be trained."""


@dataclass(eq=False)
class Trainings:
    """Trainings of one learner on the splits of rounds.

    Parameters
    ----------
    data : MultiTaskDataset
        Rows of which some are trained on and others measured.
    learner : Learner
    rounds : sequence of Round
        Each measures the same rows.
    budget : Budget, optional
        The steps of one training; by default those of the learner.
    advance : callable, optional
        Receives a description of every training that ended; by default a bar is shown on terminals.
    executor : Executor, optional
        Runs trainings; by default this process does.

    Attributes
    ----------
    seconds : float
        Spent in training and predicting, those of trainings that were kept in a folder among them.
    steps : int
        Optimiser steps of all networks together; a step of K networks of single tasks is K steps.
    n_networks : int
        Networks, or other models, that were trained.
    """

    data: MultiTaskDataset
    learner: Learner
    rounds: Sequence[Round]
    budget: Budget | None = None
    advance: Callable[[str], None] | None = None
    executor: Executor | None = None
    seconds: float = field(default=0.0, init=False)
    steps: int = field(default=0, init=False)
    n_networks: int = field(default=0, init=False)
    _store: TrainingStore | None = field(default=None, init=False, repr=False)
    _with_models: dict[tuple[int, Group], TrainedGroup] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        self._common = (self.data, self.learner, self.budget)

    @contextmanager
    def keeping(
        self, folder: object, note: Callable[[str], None] = warnings.warn
    ) -> Iterator[Trainings]:
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
        path = out_folder(folder, type(self).__name__)
        tasks = packages_of(names_in(to_json(self.data.tasks.tasks)))
        with study_folder(path, {**about, "split": measured}, note) as entered:
            self._store = TrainingStore(
                entered, {**about, "versions": versions()}, note, (*trusted_here(), *tasks)
            )
            try:
                yield self
            finally:
                self._store = None

    def measured_store(self) -> MeasuredStore | None:
        """Where measurements of the models are kept; None without a folder."""
        if self._store is None:
            return None
        rows = [[split.digest() for split in one.splits] for one in self.rounds]
        own = {"by": type(self).__name__, "rows": rows, "seeds": [one.seed for one in self.rounds]}
        return MeasuredStore(self._store.folder, {**self._store.about, **own}, self._store.note)

    @property
    def tasks(self) -> Group:
        """Names of all tasks."""
        return self.data.tasks.names

    def models(
        self,
        *,
        rounds: int | None = None,
        folds: int | None = None,
        on_model: OnModel | None = None,
    ) -> list[list[FittedPredictor]]:
        """The models of all tasks, per round and split; those that are not there are trained.

        Parameters
        ----------
        rounds, folds : int, optional
            The first ones alone.
        on_model : callable, optional
            Receives the split and the model of every training as soon as it is there, and may raise
            before others are trained.
        """
        group = self.tasks
        jobs = [
            TrainingJob((group,), one.seed, split, number, frozenset({group}), whole=True)
            for number, one in enumerate(self.rounds[:rounds])
            for split in one.splits[:folds]
        ]
        return self._models_of(jobs, on_model)

    def _models_of(
        self, jobs: Sequence[TrainingJob], on_model: OnModel | None
    ) -> list[list[FittedPredictor]]:
        """The model of the first group of every job, by round."""
        found: dict[int, list[FittedPredictor]] = {}
        for job, trained in zip(jobs, self._train(jobs, on_model), strict=True):
            model: Any = trained[0].model
            found.setdefault(job.number, []).append(model)
        return list(found.values())

    def _train(
        self, jobs: Sequence[TrainingJob], on_model: OnModel | None = None
    ) -> list[list[TrainedGroup]]:
        """The trained groups of every job, with progress; each training is counted once."""
        n_trainings = sum(job.n_trainings for job in jobs)
        quiet = self.advance is not None or is_silent()
        with progress_bar(n_trainings, "training groups", quiet=quiet) as advance:
            return self._trained(jobs, self.advance or advance, on_model)

    def _trained(
        self, jobs: Sequence[TrainingJob], advance: Callable[[str], None], on_model: OnModel | None
    ) -> list[list[TrainedGroup]]:
        """Trainings that are not trained again are those in memory, and those kept in the folder."""
        held = [self._held(job) for job in jobs]
        done = [self._kept(job, own) for job, own in zip(jobs, held, strict=True)]
        ahead = []
        for position, (job, kept) in enumerate(zip(jobs, done, strict=True)):
            missing = tuple(group for group in job.groups if group not in kept)
            known = [group for group in kept if group not in held[position]]
            for group in () if job.alone and missing else known[: job.n_trainings]:
                advance(job.words(group))
            _pass_on(job, kept.values(), on_model)
            if missing:
                keeps = job.keeps & frozenset(missing)
                ahead.append((position, replace(job, groups=missing, keeps=keeps)))
        for number, trained in self._run([job for _, job in ahead], advance):
            position, job = ahead[number]
            if self._store is not None:
                self._store.write(job, trained)
            done[position] |= {one.group: one for one in trained}
            _pass_on(job, trained, on_model)
        for job, own, before in zip(jobs, done, held, strict=True):
            self._count(job, [one for group, one in own.items() if group not in before])
        return [[own[group] for group in job.groups] for own, job in zip(done, jobs, strict=True)]

    def _held(self, job: TrainingJob) -> dict[Group, TrainedGroup]:
        """The groups of a job whose models are in memory."""
        found = {group: self._with_models.get((id(job.split), group)) for group in job.groups}
        return {group: one for group, one in found.items() if one is not None}

    def _kept(self, job: TrainingJob, held: dict[Group, TrainedGroup]) -> dict[Group, TrainedGroup]:
        """Those that are held, and those that lie in the folder."""
        left = tuple(group for group in job.groups if group not in held)
        if self._store is None or not left:
            return dict(held)
        rest = replace(job, groups=left, keeps=job.keeps & frozenset(left))
        return {**held, **self._store.read(rest)}

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

    def _count(self, job: TrainingJob, trained: Sequence[TrainedGroup]) -> None:
        for one in trained:
            self.seconds += one.seconds
            self.steps += one.steps
            self.n_networks += 1
            if one.group in job.keeps:
                self._with_models[id(job.split), one.group] = one


def _pass_on(job: TrainingJob, trained: Iterable[TrainedGroup], on_model: OnModel | None) -> None:
    """Pass the models of a job to the function that receives them, if there is one."""
    for one in trained:
        if on_model is not None and one.model is not None:
            on_model(job.split, one.model)
