"""The runs of a comparison: fitting with several settings, choosing on validation, testing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._repetition import Repetition
from polytask.evaluation.running._run_progress import progress_bar, run_progress
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._trials import Trials, make_cases
from polytask.evaluation.running._tuning import Tuned

__all__ = ["fit_candidates", "measure_chosen"]


def fit_candidates(
    runner: Runner,
    candidates: Sequence[Candidate],
    repetitions: Sequence[Repetition],
    *,
    quiet: bool,
) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]:
    """Fit every candidate in every repetition, with settings chosen on validation rows.

    All settings are tried with the first seed of each split; the other seeds run those kept. Where
    one of these gives no model, all settings are tried with that seed, too. Candidates that gave
    no model in some repetition are returned apart, each with a failed record.
    """
    cases = make_cases(runner, candidates, repetitions)
    own = [case for of_candidate in cases.values() for case in of_candidate]
    leads = [case for case in own if case.lead is None]
    others = [case for case in own if case.lead is not None]
    with run_progress(
        sum(len(case.points) for case in leads) + len(others), quiet=quiet
    ) as progress:
        trials = Trials(runner, progress)
        trials.try_all(leads, ahead=len(others))
        lacking = trials.follow([c for c in others if c.candidate not in trials.failed])
        trials.try_all(lacking)
    tuned = {
        candidate.name: tuple(trials.tuned[case] for case in of_candidate)
        for candidate, of_candidate in cases.items()
        if candidate not in trials.failed
    }
    return tuned, {c.name: trials.failed[c] for c in candidates if c in trials.failed}


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
    return Tuned(run.runs, trials, run.chosen, run.compared)
