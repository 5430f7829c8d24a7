"""One job: the fits of a group of runs, each recorded as soon as it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from polytask.data import MultiTaskDataset
from polytask.evaluation.running._groups import Group
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._run import Fitting, Run, fit_run
from polytask.evaluation.running._store import RunStore
from polytask.exceptions import PolytaskError
from polytask.predictor import FittedPredictor
from polytask.training import silently

__all__ = ["fit_group"]


def fit_group(group: Group, common: tuple[MultiTaskDataset, RunStore]) -> list[RunRecord]:
    """Fit the runs of a group that are not on record; records in the order of the runs."""
    _, store = common
    store.check()
    if not group.program:
        return [fit_run(group.runs[0], common)]
    known = {run.spec.key: store.read(run.spec.key) for run in group.runs}
    waiting = [run for run in group.runs if known[run.spec.key] is None]
    if waiting:
        if group.alike:
            done = _fit_alike(waiting, known, common)
        else:
            done = _fit_population(group, waiting, common)
        known |= {record.spec.key: record for record in done}
    return [record for run in group.runs if (record := known[run.spec.key]) is not None]


def _fit_alike(
    waiting: Sequence[Run],
    known: Mapping[str, RunRecord | None],
    common: tuple[MultiTaskDataset, RunStore],
) -> list[RunRecord]:
    """Fit the first run unless one is on record; the others get copies, with the seconds of that fit."""
    first = next((record for record in known.values() if record is not None), None)
    done = []
    if first is None:
        fitting = Fitting(waiting[0], common)
        first = fitting.record(*fitting.fitted())
        done.append(first)
    return [*done, *(_copied(first, run, common[1]) for run in waiting[len(done) :])]


def _copied(record: RunRecord, run: Run, store: RunStore) -> RunRecord:
    """The record of a run of the same fit, before its test rows are read."""
    files = {e: d for e, d in record.files.items() if not e.startswith("test")}
    store.copy(record.spec.key, run.spec.key, files)
    own = replace(record, spec=run.spec, settings=run.settings, files=files, test={}, test_reads=0)
    store.write(own)
    return own


def _fit_population(
    group: Group, waiting: Sequence[Run], common: tuple[MultiTaskDataset, RunStore]
) -> list[RunRecord]:
    """Fit all runs that wait, as one program.

    From a checkpoint all runs of the group go on, those that have ended among them, since it is of
    all together.
    """
    store = common[1]
    checkpoint = store.population(group.key)
    runs = group.runs if checkpoint.exists() else tuple(waiting)
    first = Fitting(runs[0], common)
    fittings = [first, *(Fitting(run, common, first.parts) for run in runs[1:])]
    shares = _Shares(len(runs))
    recorded: dict[int, RunRecord] = {}

    def end(position: int, result: FittedPredictor | PolytaskError) -> None:
        seconds = shares.end(position)
        run = fittings[position].run
        done = store.read(run.spec.key)
        recorded[position] = fittings[position].record(result, seconds) if done is None else done
        shares.go_on()

    with silently():
        results = runs[0].learner.fit_many(
            [run.request for run in runs],
            *first.parts,
            first.budget,
            checkpoint=checkpoint,
            on_done=end,
            return_errors=True,
        )
    for position, result in enumerate(results):
        if position not in recorded:
            end(position, result)
    store.end_population(group.key)
    return list(recorded.values())


class _Shares:
    """Seconds of the members of a population: each has an equal share while it trains.

    Parameters
    ----------
    n_members : int
    """

    def __init__(self, n_members: int) -> None:
        self._training = dict.fromkeys(range(n_members), 0.0)
        self._since = time.perf_counter()

    def end(self, position: int) -> float:
        """The seconds of a member that ends now."""
        share = (time.perf_counter() - self._since) / max(len(self._training), 1)
        self._training = {member: own + share for member, own in self._training.items()}
        return self._training.pop(position, 0.0)

    def go_on(self) -> None:
        """Count from now, after a member was recorded."""
        self._since = time.perf_counter()
