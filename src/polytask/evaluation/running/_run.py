"""One run: fit on training rows, evaluate on validation rows, and on test rows if chosen."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._outcome import measure, outcomes
from polytask.evaluation.running._positions import positions
from polytask.evaluation.running._records import RunRecord, RunSpec
from polytask.evaluation.running._store import RunStore
from polytask.exceptions import (
    BundleError,
    DatasetUnavailableError,
    MissingDependencyError,
    ObserverError,
    OutputError,
    PolytaskError,
    SourceFileError,
    StudyError,
    WorkerError,
)
from polytask.learners import FitRequest, Learner
from polytask.predictor import FittedPredictor, with_chosen_thresholds
from polytask.training import silently

__all__ = ["Fitting", "Run", "fit_run", "test_alike", "test_run"]

_OF_THE_MACHINE = (
    BundleError,
    DatasetUnavailableError,
    MissingDependencyError,
    ObserverError,
    OutputError,
    SourceFileError,
    StudyError,
    WorkerError,
)
"""Errors that say nothing of learner or data, and that may be gone next time."""


@dataclass(frozen=True, eq=False)
class Run:
    """A spec with the live objects it describes.

    Parameters
    ----------
    spec : RunSpec
    learner : Learner
        With its settings.
    split : Split
    settings : mapping
        The tuned settings, for the record.
    """

    spec: RunSpec
    learner: Learner
    split: Split
    settings: Mapping[str, Any]

    @property
    def request(self) -> FitRequest:
        """What `Learner.fit_many` receives."""
        return FitRequest(self.learner, self.spec.seed, self.spec.tasks)


Parts = tuple[MultiTaskDataset, MultiTaskDataset]
"""Training and validation rows."""


class Fitting:
    """One run that is fitted and recorded.

    Parameters
    ----------
    run : Run
    common : tuple of MultiTaskDataset and RunStore
        All rows, and the store that keeps results.
    parts : tuple of MultiTaskDataset, optional
        Training and validation rows of the run's split, where they were taken before.
    """

    def __init__(
        self, run: Run, common: tuple[MultiTaskDataset, RunStore], parts: Parts | None = None
    ) -> None:
        self.run = run
        self._data, self._store = common
        split = run.split
        self.parts = parts or (self._data.take(split.train), self._data.take(split.validation))
        self.budget = Budget(trials=1, steps=run.spec.budget["steps"])

    def fitted(self) -> tuple[FittedPredictor | PolytaskError, float]:
        """The predictor, or the error of the learner in its place, and the seconds of the fit."""
        started = time.perf_counter()
        result: FittedPredictor | PolytaskError
        try:
            with silently():
                result = self._fit()
        except PolytaskError as error:
            result = error
        return result, time.perf_counter() - started

    def _fit(self) -> FittedPredictor | PolytaskError:
        run = self.run
        if run.spec.tasks:
            return run.learner.fit_many([run.request], *self.parts, self.budget)[0]
        return run.learner.fit(
            *self.parts, run.spec.seed, self.budget, **_options(run, self._store)
        )

    def record(self, result: FittedPredictor | PolytaskError, seconds: float) -> RunRecord:
        """Evaluate on validation rows and write all results.

        A `PolytaskError` of the learner is the failure of the run; one that says nothing of learner
        or data is raised.
        """
        record = self._measured(result, seconds)
        self._store.write(record)
        self._store.checkpoint(self.run.spec.key).unlink(missing_ok=True)
        return record

    def _measured(self, result: FittedPredictor | PolytaskError, seconds: float) -> RunRecord:
        run, data, store = self.run, self._data, self._store
        validation = run.request.rows(self.parts[1])
        started = time.perf_counter()
        try:
            if isinstance(result, PolytaskError):
                raise result
            predictor = with_chosen_thresholds(result, validation, validation.tasks)
        except _OF_THE_MACHINE:
            raise
        except PolytaskError as error:
            failure, name = str(error) or _class_name(error), _class_name(error)
            return RunRecord(run.spec, {}, settings=run.settings, failure=failure, error=name)
        seconds += time.perf_counter() - started
        return _validated(run, predictor, validation, data, store, seconds)


def fit_run(run: Run, common: tuple[MultiTaskDataset, RunStore]) -> RunRecord:
    """Fit on training rows and evaluate on validation rows, unless the run is on record.

    A `PolytaskError` of the learner is recorded as the failure of the run.
    """
    _, store = common
    store.check()
    done = store.read(run.spec.key)
    if done is not None:
        return done
    fitting = Fitting(run, common)
    return fitting.record(*fitting.fitted())


def _class_name(error: PolytaskError) -> str:
    """Name of the first class in `polytask.exceptions` among the error's base classes."""
    module = PolytaskError.__module__
    return next(cls.__name__ for cls in type(error).__mro__ if cls.__module__ == module)


def _options(run: Run, store: RunStore) -> dict[str, Any]:
    """Keyword arguments of `fit`: the checkpoint, for learners that can resume."""
    if not run.learner.resumes:
        return {}
    return {"checkpoint": store.checkpoint(run.spec.key)}


def _validated(
    run: Run,
    predictor: FittedPredictor,
    validation: MultiTaskDataset,
    data: MultiTaskDataset,
    store: RunStore,
    seconds: float,
) -> RunRecord:
    names = validation.tasks.names
    rows = positions(data, run.split.validation, names)
    validated = outcomes(predictor, validation, rows, names)
    store.write_outcomes(run.spec.key, "validation", validated)
    store.write_model(run.spec.key, predictor, run.spec.learner)
    cost = predictor.forward_cost(validation.sources)
    return RunRecord(
        spec=run.spec,
        validation=measure(data.tasks, names, validated),
        history={} if predictor.history is None else predictor.history.to_dict(),
        n_parameters=predictor.n_parameters,
        seconds=seconds,
        flops=0.0 if cost is None else cost.flops,
        seconds_of_pass=0.0 if cost is None else cost.seconds,
        settings=run.settings,
        thresholds=predictor.thresholds,
        files=store.digests(run.spec.key, "model", "validation.safetensors"),
    )


def test_run(
    chosen: tuple[Run, Collection[str]], common: tuple[MultiTaskDataset, RunStore]
) -> RunRecord:
    """Evaluate a chosen run on the test rows of some tasks, unless that is on record."""
    (run, tasks), (data, store) = chosen, common
    record = fit_run(run, common)
    if record.covers(tasks):
        return record
    predictor = store.read_model(run.spec.key, run.spec.learner)
    test_rows = run.request.rows(data.take(run.split.test))
    rows = positions(data, run.split.test, test_rows.tasks.names)
    tested_outcomes = outcomes(predictor, test_rows, rows, tasks)
    store.write_outcomes(run.spec.key, "test", tested_outcomes)
    test = measure(data.tasks, tasks, tested_outcomes)
    files = {**record.files, **store.digests(run.spec.key, "test.safetensors")}
    tested = replace(record, test=test, test_reads=record.test_reads + 1, files=files)
    store.write(tested)
    return tested


def test_alike(
    chosen: Sequence[tuple[Run, Collection[str]]], common: tuple[MultiTaskDataset, RunStore]
) -> list[RunRecord]:
    """Evaluate chosen runs of one model on the same test rows, which is predicted once."""
    first = test_run(chosen[0], common)
    return [first, *(_tested_alike(first, run, tasks, common) for run, tasks in chosen[1:])]


def _tested_alike(
    first: RunRecord, run: Run, tasks: Collection[str], common: tuple[MultiTaskDataset, RunStore]
) -> RunRecord:
    record, store = fit_run(run, common), common[1]
    if record.covers(tasks):
        return record
    if record.files["model"] != first.files["model"]:
        return test_run((run, tasks), common)
    ending = "test.safetensors"
    store.copy(first.spec.key, run.spec.key, [ending])
    files = {**record.files, ending: first.files[ending]}
    tested = replace(record, test=first.test, test_reads=record.test_reads + 1, files=files)
    store.write(tested)
    return tested
