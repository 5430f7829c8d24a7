"""Which runs a comparison asks for, and what it makes of their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation._candidates import Candidate
from polytask.evaluation._entry import Entry
from polytask.evaluation._grid import grid
from polytask.evaluation._labelled import labelled_rows
from polytask.evaluation._left_out import failure
from polytask.evaluation._progress import progress_bar
from polytask.evaluation._records import RunRecord
from polytask.evaluation._replicates import TestRows, replicate, replicates_needed
from polytask.evaluation._run import Run
from polytask.evaluation._runner import Runner
from polytask.evaluation._tuning import Tuned, choose

__all__ = ["Place", "fitted", "judged", "tested"]


_ENOUGH_ROWS = 100


@dataclass(frozen=True, eq=False)
class Place:
    """One split with one seed."""

    split: Split
    seed: int


def fitted(
    runner: Runner, entrants: Sequence[Candidate], places: Sequence[Place], *, quiet: bool
) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]:
    """Fit every candidate with every setting in every place, and choose by validation rows.

    Candidates that gave no model in some place are returned apart, each with a failed record.
    """
    requests = [[_trials(runner, candidate, place) for place in places] for candidate in entrants]
    runs = [run for of_candidate in requests for trials in of_candidate for run in trials]
    with progress_bar(len(runs), "fitting", quiet=quiet) as advance:
        records = runner.run_all(runs, lambda record: advance(record.spec.name))
    by_run = dict(zip(map(id, runs), records, strict=True))
    tuned: dict[str, tuple[Tuned, ...]] = {}
    failed: dict[str, RunRecord] = {}
    for candidate, of_candidate in zip(entrants, requests, strict=True):
        found = [[by_run[id(run)] for run in trials] for trials in of_candidate]
        lost = failure(found)
        if lost is not None:
            failed[candidate.name] = lost
            continue
        pairs = zip(of_candidate, found, strict=True)
        tuned[candidate.name] = tuple(_tuned(runner, candidate, *pair) for pair in pairs)
    return tuned, failed


def _trials(runner: Runner, candidate: Candidate, place: Place) -> tuple[Run, ...]:
    points = grid(candidate.learner.search_space(), runner.budget.trials)
    learner, split, seed = candidate.learner, place.split, place.seed
    return tuple(runner.request(learner, split, seed, settings) for settings in points)


def _tuned(
    runner: Runner, candidate: Candidate, trials: tuple[Run, ...], records: Sequence[RunRecord]
) -> Tuned:
    alone = () if candidate.joint else _well_validated(runner.data, trials[0].split)
    return Tuned(trials, tuple(records), choose(records, runner.data.tasks, alone=alone))


def _well_validated(data: MultiTaskDataset, split: Split) -> list[str]:
    """Tasks with enough validation rows to choose settings of their own.

    With few, the best of several settings is mostly luck: it tests worse than the setting that
    is best on average, and yet looks better on validation rows.
    """
    sizes = labelled_rows(data, split.validation)
    return [name for name, size in sizes.items() if size >= _ENOUGH_ROWS]


def tested(
    runner: Runner, tuned: Mapping[str, tuple[Tuned, ...]], *, quiet: bool
) -> dict[str, tuple[Tuned, ...]]:
    """Read the test rows once for every trial that was kept, and for its tasks only."""
    chosen = [
        (run.runs[place], tasks)
        for runs in tuned.values()
        for run in runs
        for place, tasks in run.kept.items()
    ]
    with progress_bar(len(chosen), "testing", quiet=quiet) as advance:
        records = runner.test_all(chosen, lambda record: advance(record.spec.name))
    by_key = {record.spec.key: record for record in records}
    return {name: tuple(_with_test(run, by_key) for run in runs) for name, runs in tuned.items()}


def _with_test(run: Tuned, records: Mapping[str, RunRecord]) -> Tuned:
    trials = tuple(records.get(trial.spec.key, trial) for trial in run.trials)
    return Tuned(run.runs, trials, run.chosen)


def judged(
    runner: Runner,
    entrants: Sequence[Candidate],
    tuned: Mapping[str, tuple[Tuned, ...]],
    places: Sequence[Place],
    *,
    quiet: bool,
) -> tuple[Entry, ...]:
    """Draw test rows again and again, the same for all candidates."""
    splits = list({id(place.split): place.split for place in places}.values())
    rows = TestRows.of(runner.data, splits, replicates_needed(len(runner.data.tasks)))
    keys = [
        [{t: run.trials[i].spec.key for t, i in run.chosen.items()} for run in tuned[c.name]]
        for c in entrants
    ]
    found = {}
    with progress_bar(len(keys), "judging", quiet=quiet) as advance:
        for place, replicates in runner.workers.run(replicate, [(one, rows) for one in keys]):
            found[place] = replicates
            advance(entrants[place].name)
    return tuple(Entry(c, tuned[c.name], found[i]) for i, c in enumerate(entrants))
