"""From what was measured to the comparison: rows, differences, verdict, model to use."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from polytask.evaluation._comparison import Comparison
from polytask.evaluation.judging._differences import against, held_against
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._recommend import recommend
from polytask.evaluation.judging._rows import learner_row
from polytask.evaluation.running._candidates import yardstick
from polytask.evaluation.running._model import recommended_model
from polytask.evaluation.running._runner import Runner, versions
from polytask.evaluation.wording._verdict import verdict
from polytask.evaluation.wording._warnings import warnings_of

__all__ = ["conclude"]


def conclude(
    entries: Sequence[Entry],
    study: Mapping[str, Any],
    runner: Runner,
    *,
    kept: bool,
    started: float,
    notes: Sequence[str] = (),
) -> Comparison:
    """Put the comparison together and save the model to use.

    Parameters
    ----------
    entries : sequence of Entry
    study : mapping
        What was known before the runs.
    runner : Runner
    kept : bool
        Whether the folder stays.
    started : float
        Reading of the clock when the comparison began.
    notes : sequence of str
        What is to be said before other warnings.
    """
    tasks, by_name = runner.data.tasks, {entry.name: entry for entry in entries}
    baseline = yardstick(tuple(entry.candidate for entry in entries))
    rows = tuple(learner_row(entry, by_name[baseline], tasks) for entry in entries)
    differences = tuple(
        held_against(entry, by_name[entry.candidate.baseline], tasks)
        for entry in entries
        if entry.candidate.baseline is not None
    )
    recommended = recommend(rows, entries, baseline)
    model = recommended_model(by_name[recommended.learner].runs[recommended.run], runner.store)
    model.save(runner.store.folder / "model")
    comparison = Comparison(
        versions=versions(),
        study=study,
        baseline=baseline,
        learners=rows,
        differences=differences,
        judgement=verdict(
            rows, differences, baseline, lambda a, b: against(by_name[a], by_name[b], tasks)
        ),
        recommended=recommended if kept else replace(recommended, model=None),
        warnings=(*notes, *warnings_of(study, rows)),
        seconds=time.perf_counter() - started,
    )
    return comparison.kept(folder=runner.store.folder if kept else None, model=model)
