"""The runs of a comparison: fitting with every setting, choosing on validation, testing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polytask._naming import suggestion
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._grid import grid
from polytask.evaluation.running._labelled import labelled_rows
from polytask.evaluation.running._left_out import failure
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._run_progress import progress_bar, run_progress, tell_runs
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned, choose
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.ranges import SearchRange

__all__ = ["Repetition", "fit_candidates", "measure_chosen", "tuned_ranges"]


_ENOUGH_ROWS = 100


@dataclass(frozen=True, eq=False)
class Repetition:
    """One split with one seed."""

    split: Split
    seed: int


def fit_candidates(
    runner: Runner,
    candidates: Sequence[Candidate],
    repetitions: Sequence[Repetition],
    *,
    quiet: bool,
) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]:
    """Fit every candidate with every setting in every repetition; choose on validation rows.

    Candidates that gave no model in some repetition are returned apart, each with a failed record.
    """
    requests = [
        [_trials(runner, candidate, repetition) for repetition in repetitions]
        for candidate in candidates
    ]
    runs = [run for candidate_runs in requests for trials in candidate_runs for run in trials]
    tell_runs(run.spec.key for run in runs)
    with run_progress(len(runs), quiet=quiet) as progress:
        records = runner.run_all(runs, progress.fitted, progress.known)
    by_run = dict(zip(map(id, runs), records, strict=True))
    tuned: dict[str, tuple[Tuned, ...]] = {}
    failed: dict[str, RunRecord] = {}
    for candidate, candidate_runs in zip(candidates, requests, strict=True):
        candidate_records = [[by_run[id(run)] for run in trials] for trials in candidate_runs]
        failed_record = failure(candidate_records)
        if failed_record is not None:
            failed[candidate.name] = failed_record
            continue
        pairs = zip(candidate_runs, candidate_records, strict=True)
        tuned[candidate.name] = tuple(_tuned(runner, candidate, *pair) for pair in pairs)
    return tuned, failed


def _trials(runner: Runner, candidate: Candidate, repetition: Repetition) -> tuple[Run, ...]:
    learner, split, seed = candidate.learner, repetition.split, repetition.seed
    points = grid(tuned_ranges(learner), runner.budget.trials)
    return tuple(runner.request(learner, split, seed, settings) for settings in points)


def tuned_ranges(learner: Learner) -> dict[str, SearchRange]:
    """Search ranges that a comparison tunes, in the learner's order."""
    space = learner.search_space()
    for path in learner.tuned or ():
        if path not in space:
            sentence = (
                f"{learner.name} names {path!r} in `tuned`, of which no search range is declared. "
                f"{suggestion(path, space)}"
            )
            raise ParameterError(sentence)
    return dict(space) if learner.tuned is None else {path: space[path] for path in learner.tuned}


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


def measure_chosen(
    runner: Runner, tuned: Mapping[str, tuple[Tuned, ...]], *, quiet: bool
) -> dict[str, tuple[Tuned, ...]]:
    """Evaluate every kept trial once on the test rows, for its tasks only."""
    chosen = [
        (run.runs[trial], tasks)
        for runs in tuned.values()
        for run in runs
        for trial, tasks in run.kept.items()
    ]
    with progress_bar(len(chosen), "testing", quiet=quiet) as advance:
        records = runner.test_all(chosen, lambda record: advance(record.spec.name))
    by_key = {record.spec.key: record for record in records}
    return {name: tuple(_with_test(run, by_key) for run in runs) for name, runs in tuned.items()}


def _with_test(run: Tuned, records: Mapping[str, RunRecord]) -> Tuned:
    trials = tuple(records.get(trial.spec.key, trial) for trial in run.trials)
    return Tuned(run.runs, trials, run.chosen)
