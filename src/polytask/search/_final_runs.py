"""Runs of the settings that a tuning kept, in every repetition of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._labelled import labelled_rows
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._repetition import Repetition
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._run_progress import run_progress
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned
from polytask.search._search import Attempt, Search, request, stopped

__all__ = ["final_runs"]

_ENOUGH_ROWS = 100


class _Final(NamedTuple):
    """The kept settings of a candidate in one repetition, to be run."""

    candidate: Candidate
    kept: Mapping[str, Attempt]
    attempts: tuple[Attempt, ...]
    runs: tuple[Run, ...]


def final_runs(
    runner: Runner,
    candidates: Sequence[Candidate],
    repetitions: Sequence[Repetition],
    searches: Sequence[Search],
    *,
    quiet: bool,
) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]:
    """Runs of the settings kept; those that a search has made are not made again.

    Returns
    -------
    tuned : dict of candidate to tuple of Tuned
        One per repetition.
    failed : dict of candidate to RunRecord
        Candidates that gave no model in some repetition.
    """
    by_place = {(search.candidate.name, id(search.split)): search for search in searches}
    failed = {
        search.candidate.name: search.attempts[0].last[0]
        for search in reversed(searches)
        if all(attempt.state != "complete" for attempt in search.attempts)
    }
    left = [candidate for candidate in candidates if candidate.name not in failed]
    places = [
        (candidate, repetition, by_place[candidate.name, id(repetition.split)])
        for candidate in left
        for repetition in repetitions
    ]
    for _, _, search in places:
        search.kept_for = search.kept_for or _kept(runner, search)
    finals = [
        None if _has_run(search, repetition) else _final(runner, *place)
        for place in places
        for _, repetition, search in [place]
    ]
    runs = [run for final in finals if final is not None for run in final.runs]
    with run_progress(len(runs), quiet=quiet) as progress:
        records = iter(runner.run_all(runs, progress.fitted, progress.known))
    tuned: dict[str, list[Tuned]] = {candidate.name: [] for candidate in left}
    for (candidate, _, search), final in zip(places, finals, strict=True):
        if final is None:
            tuned[candidate.name].append(_of_search(search))
            continue
        own = tuple(next(records) for _ in final.runs)
        if all(record.failure for record in own):
            failed.setdefault(candidate.name, own[0])
        tuned[candidate.name].append(_of_final(final, own))
    return {name: tuple(of) for name, of in tuned.items() if name not in failed}, failed


def _kept(runner: Runner, search: Search) -> dict[str, Attempt]:
    """The trial kept for each task; tasks that share nothing choose alone where rows are enough."""
    alone: list[str] = []
    if not search.candidate.joint:
        counts = [labelled_rows(runner.data, split.validation) for split in search.inner]
        alone = [
            task for task in runner.data.tasks.names if sum(c[task] for c in counts) >= _ENOUGH_ROWS
        ]
    return search.kept(runner.data.tasks, alone)


def _has_run(search: Search, repetition: Repetition) -> bool:
    """Whether the trials' own runs are those of the repetition."""
    return search.inner == (search.split,) and search.seed == repetition.seed


def _final(
    runner: Runner,
    candidate: Candidate,
    repetition: Repetition,
    search: Search,
) -> _Final:
    kept = search.kept_for
    attempts = tuple(sorted(set(kept.values()), key=lambda attempt: attempt.number))
    runs = tuple(
        request(
            runner,
            candidate,
            repetition.split,
            repetition.seed,
            attempt.settings,
            search.rungs[-1],
        )
        for attempt in attempts
    )
    return _Final(candidate, kept, attempts, runs)


def _of_search(search: Search) -> Tuned:
    """All trials of a search as a comparison knows them."""
    records = [
        stopped(attempt.last[0], search.rungs[-1]) if attempt.state == "pruned" else attempt.last[0]
        for attempt in search.attempts
    ]
    chosen = {task: attempt.number for task, attempt in search.kept_for.items()}
    return Tuned(tuple(attempt.runs[0] for attempt in search.attempts), tuple(records), chosen)


def _of_final(final: _Final, records: tuple[RunRecord, ...]) -> Tuned:
    """The kept settings; where one gives no model with this seed, the first that does stands in."""
    alive = [place for place, record in enumerate(records) if not record.failure]
    places = {
        task: place if (place := final.attempts.index(attempt)) in alive or not alive else alive[0]
        for task, attempt in final.kept.items()
    }
    return Tuned(final.runs, records, places, compared=False)
