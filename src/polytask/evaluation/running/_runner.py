"""Runs of learners on one data set, kept in a folder."""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from polytask._recipes import names_in, to_json
from polytask._trust import trusted_here
from polytask._untrusted import packages_of
from polytask._validation import InstanceOf, Interval, check, message
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._fit_group import fit_group
from polytask.evaluation.running._groups import Group, grouped
from polytask.evaluation.running._recorded_settings import recorded_settings
from polytask.evaluation.running._records import RunRecord, RunSpec
from polytask.evaluation.running._run import Run, fit_run, test_alike
from polytask.evaluation.running._store import RunStore
from polytask.exceptions import ParameterError
from polytask.executors import Executor, LocalExecutor
from polytask.learners import Learner

__all__ = ["Runner", "check_jobs", "versions"]

_PACKAGES = ("polytask", "numpy", "polars", "scikit-learn", "scipy", "torch", "lightgbm", "xgboost")

OnDone = Callable[[RunRecord], None]


class Runner:
    """Runs of learners on one data set, kept in a folder; finished runs are not repeated.

    Used as a context manager, it ends the worker processes that `jobs` started.

    Parameters
    ----------
    folder : str or Path
        Records, predictions and models are written to its subfolder ``runs``.
    data : MultiTaskDataset
    budget : Budget
        Its `steps` hold for each run.
    jobs : int, default 1
        Largest number of worker processes that run side by side, as ``LocalExecutor(jobs)``.
    note : callable, optional
        Receives a sentence where there are fewer workers than `jobs`, and where a damaged run
        is done again.
    executor : Executor, optional
        In place of `jobs`; it is not closed here.
    trusted : collection of str, optional
        Code that models may name besides that of the learners and tasks.
    """

    def __init__(
        self,
        folder: str | Path,
        data: MultiTaskDataset,
        budget: Budget,
        jobs: int = 1,
        note: Callable[[str], None] = lambda _: None,
        executor: Executor | None = None,
        trusted: Collection[str] = (),
    ) -> None:
        check_jobs("Runner", jobs, executor)
        in_tasks = packages_of(names_in(to_json(data.tasks.tasks)))
        self.store = RunStore(Path(folder), (*trusted_here(), *trusted, *in_tasks))
        self.data = data
        self.budget = budget
        self.note = note
        self.executor = LocalExecutor(jobs, note) if executor is None else executor
        self._owns_executor = executor is None
        self._common = (data, self.store)
        self._prepared = False
        self._train: tuple[Split, MultiTaskDataset] | None = None
        self.digest = data.digest()

    def train(self, split: Split) -> MultiTaskDataset:
        """The training rows of a split, the same object until those of another are taken."""
        if self._train is None or self._train[0] is not split:
            self._train = (split, self.data.take(split.train))
        return self._train[1]

    def request(
        self,
        learner: Learner,
        split: Split,
        seed: int,
        settings: Mapping[str, Any] | None = None,
        tasks: Sequence[str] = (),
    ) -> Run:
        """One learner with some settings, on one split, with one seed; for some tasks if any are named."""
        configured = learner.configured(settings) if settings else learner
        spec = RunSpec(
            data=self.digest,
            split={"name": split.name, "fold": split.fold, "digest": split.digest()},
            learner=to_json(configured),
            name=learner.name,
            seed=seed,
            budget={"trials": 1, "steps": self.budget.steps},
            versions=versions(),
            tasks=tuple(tasks),
        )
        return Run(spec, configured, split, recorded_settings(settings or {}))

    def run(self, run: Run) -> RunRecord:
        """Fit, evaluate on validation rows and keep all results; or read the kept record."""
        self._prepare()
        return self._recall(run) or fit_run(run, (self.data, self.store))

    def run_all(
        self,
        runs: Sequence[Run],
        on_done: OnDone | None = None,
        on_known: OnDone | None = None,
    ) -> list[RunRecord]:
        """Carry out all runs in parallel; records come in the order of `runs`.

        Runs on the same rows whose learners have one `Learner.shape` are fitted together, 8 at most;
        those that differ only in a seed that their learner does not use (`Learner.uses_seed`) are one
        fit. Records are the same as of runs one by one, but for the rounding of networks that are
        trained together and for the seconds: such a run has its share of their time.

        Parameters
        ----------
        runs : sequence of Run
        on_done : callable, optional
            Receives the record of every run as it ends.
        on_known : callable, optional
            Receives records of runs that were done before; by default `on_done`.
        """
        self._prepare()
        known: dict[str, RunRecord] = {}
        for run in runs:
            record = self._recall(run)
            if record is not None:
                known[run.spec.key] = record
                _notify(on_known or on_done, record)
        ahead = self._ahead(runs, known)
        for _, records in self.executor.run(fit_group, ahead, self._common):
            for record in records:
                if record.spec.key not in known:
                    known[record.spec.key] = record
                    _notify(on_done, record)
        return [known[run.spec.key] for run in runs]

    def test_all(
        self, chosen: Sequence[tuple[Run, Collection[str]]], on_done: OnDone | None = None
    ) -> list[RunRecord]:
        """Evaluate chosen runs on test rows, once, for the given tasks."""
        self._prepare()
        tested: dict[int, RunRecord] = {}
        ahead: dict[tuple[str, ...], list[int]] = {}  # places of runs of one model, by it
        for place, (run, tasks) in enumerate(chosen):
            record = self._recall(run)
            if record is not None and record.covers(tasks):
                tested[place] = record
                _notify(on_done, record)
            else:
                ahead.setdefault(_model_of(run, record, tasks), []).append(place)
        places = list(ahead.values())
        jobs = [[chosen[place] for place in own] for own in places]
        for position, records in self.executor.run(test_alike, jobs, self._common):
            for place, record in zip(places[position], records, strict=True):
                tested[place] = record
                _notify(on_done, record)
        return [tested[place] for place in range(len(chosen))]

    def _ahead(self, runs: Sequence[Run], known: Collection[str]) -> list[Group]:
        """Groups with runs that are not on record; those that are done need no checkpoint."""
        if len(known) == len(runs) and not self.store.has_populations():
            return []
        ahead = []
        for group in grouped(runs, self.train):
            together = group.program and not group.alike
            if any(run.spec.key not in known for run in group.runs):
                ahead.append(group)
                if together:
                    self.store.recall_population(group.key, self.note)
            elif together:
                self.store.end_population(group.key)
        return ahead

    def _prepare(self) -> None:
        """Make the folder once; if it is missing later, somebody removed it."""
        if not self._prepared:
            self.store.prepare()
            self._prepared = True

    def _recall(self, run: Run) -> RunRecord | None:
        return self.store.recall(run.spec.key, self.note)

    def __enter__(self) -> Runner:  # noqa: PYI034 - beartype does not know Self
        return self

    def __exit__(self, *error: object) -> None:
        if self._owns_executor:
            self.executor.close()


def check_jobs(owner: str, jobs: object, executor: object) -> None:
    """Refuse what is no number of jobs or no executor, and both at once."""
    check(owner, "jobs", jobs, Interval(int, 1))
    check(owner, "executor", executor, InstanceOf((Executor, type(None))))
    if executor is not None and jobs != 1:
        expected = "None where `jobs` is given, which is short for LocalExecutor(jobs)"
        raise ParameterError(message(owner, "executor", expected, executor, "Give one of them."))


def _model_of(run: Run, record: RunRecord | None, tasks: Collection[str]) -> tuple[str, ...]:
    """Equal for runs whose models give the same for the same test rows and tasks."""
    model = record.files["model"] if record is not None else run.spec.key
    return model, run.spec.split["digest"], *tasks


def _notify(on_done: OnDone | None, record: RunRecord) -> None:
    if on_done is not None:
        on_done(record)


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    installed = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed
