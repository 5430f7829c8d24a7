"""Resample the test rows of every candidate, the same rows for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._replicates import TestRows, replicate, replicates_needed
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._plan import Repetition
from polytask.evaluation.running._progress import progress_bar
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned

__all__ = ["judge"]


def judge(
    runner: Runner,
    candidates: Sequence[Candidate],
    tuned: Mapping[str, tuple[Tuned, ...]],
    repetitions: Sequence[Repetition],
    *,
    quiet: bool,
) -> tuple[Entry, ...]:
    """Draw test rows again and again, the same for all candidates."""
    splits = list({id(one.split): one.split for one in repetitions}.values())
    rows = TestRows.of(runner.data, splits, replicates_needed(len(runner.data.tasks)))
    keys = [
        [{t: run.trials[i].spec.key for t, i in run.chosen.items()} for run in tuned[c.name]]
        for c in candidates
    ]
    found = {}
    with progress_bar(len(keys), "judging", quiet=quiet) as advance:
        for place, replicates in runner.workers.run(replicate, [(one, rows) for one in keys]):
            found[place] = replicates
            advance(candidates[place].name)
    return tuple(Entry(c, tuned[c.name], found[i]) for i, c in enumerate(candidates))
