"""Assembly of a comparison from measured runs: rows, differences, verdict, model to use."""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from polytask.data import Split
from polytask.evaluation._comparison import Comparison
from polytask.evaluation.judging import LearnerDifference, LearnerRow, Recommendation
from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._differences import held_against
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._gain_over import gain_over
from polytask.evaluation.judging._learner_rows import learner_row
from polytask.evaluation.judging._recommend import best_run, never_ahead, ranked, recommended
from polytask.evaluation.running._candidates import yardstick
from polytask.evaluation.running._recommended_model import recommended_model
from polytask.evaluation.running._runner import Runner, versions
from polytask.evaluation.wording._sentences import worded
from polytask.evaluation.wording._sizes import size_notes
from polytask.evaluation.wording._verdict import verdict
from polytask.evaluation.wording._warnings import warnings_of
from polytask.evaluation.wording._why import why, why_none
from polytask.evaluation.wording._worsened import worsened_notes
from polytask.predictor import FittedPredictor, is_damaged

__all__ = ["conclude"]


def conclude(
    entries: Sequence[Entry],
    study: Mapping[str, Any],
    runner: Runner,
    splits: Sequence[Split],
    *,
    kept: bool,
    started: float,
    notes: Sequence[str] = (),
) -> Comparison:
    """Assemble the comparison and save the recommended model.

    Parameters
    ----------
    entries : sequence of Entry
    study : mapping
        Description of the study, made before the runs.
    runner : Runner
    splits : sequence of Split
    kept : bool
        Whether the folder stays.
    started : float
        Reading of the clock when the comparison began.
    notes : sequence of str
        Notes that precede the warnings.
    """
    by_name = {entry.name: entry for entry in entries}
    baseline = yardstick(tuple(entry.candidate for entry in entries))
    constant = next((entry for entry in entries if entry.candidate.reference), None)
    context = Context.of(runner.data, splits, constant)
    rows = tuple(learner_row(entry, by_name[baseline], context) for entry in entries)
    differences, twins = (
        _differences(entries, against, by_name, context) for against in ("baseline", "twin")
    )
    floor = None if constant is None else constant.name
    headlines = {t.name: context.headline(t.name) for t in context.tasks if t.is_primary}
    winner = recommended(rows, floor, never_ahead(rows, floor, headlines))
    favourite = winner is not None and winner is ranked(rows, floor)[0]
    model, recommendation = _chosen(
        winner, by_name, baseline, runner, kept=kept, favourite=favourite
    )
    comparison = Comparison(
        versions=versions(),
        study=study,
        baseline=baseline,
        learners=rows,
        differences=differences,
        judgement=verdict(
            rows,
            differences,
            winner,
            baseline,
            lambda learner, reference: gain_over(by_name[learner], by_name[reference], context),
            favourite=favourite,
            twins=twins,
        ),
        recommended=recommendation,
        warnings=(
            *notes,
            *warnings_of(study, rows),
            *worsened_notes(_histories(entries)),
            *size_notes(rows, _without_twin(entries)),
        ),
        twins=twins,
        seconds=time.perf_counter() - started,
    )
    return comparison.kept(folder=runner.store.folder if kept else None, model=model)


def _differences(
    entries: Sequence[Entry],
    against: Literal["baseline", "twin"],
    by_name: Mapping[str, Entry],
    context: Context,
) -> tuple[LearnerDifference, ...]:
    """Every candidate against its baseline or its twin, if it has one."""
    return tuple(
        worded(held_against(entry, by_name[other], context), context.tasks)
        for entry in entries
        if (other := getattr(entry.candidate, against)) is not None
    )


def _histories(entries: Sequence[Entry]) -> dict[str, list[Mapping[str, Any]]]:
    """Histories of the kept runs of joint learners; each of these keeps one trial for all tasks."""
    return {
        entry.name: [run.trials[next(iter(run.kept))].history for run in entry.runs]
        for entry in entries
        if entry.candidate.joint
    }


def _without_twin(entries: Sequence[Entry]) -> list[str]:
    """Joint learners that have a twin, which does not take part."""
    return [
        entry.name
        for entry in entries
        if entry.candidate.joint
        and entry.candidate.twin is None
        and entry.candidate.learner.twin() is not None
    ]


def _chosen(
    winner: LearnerRow | None,
    entries: Mapping[str, Entry],
    baseline: str,
    runner: Runner,
    *,
    kept: bool,
    favourite: bool,
) -> tuple[FittedPredictor | None, Recommendation]:
    """The recommended model, saved if the folder is kept; None if nothing is recommended."""
    folder = runner.store.folder / "model"
    if winner is None:
        if kept:  # an earlier comparison in this folder may have had one
            shutil.rmtree(folder, ignore_errors=True)
        return None, Recommendation(None, None, None, None, why_none(), model=None)
    place = best_run(winner)
    run = entries[winner.name].runs[place]
    model = recommended_model(run, runner.store, runner.data.tasks)
    if kept:
        if is_damaged(folder):
            shutil.rmtree(folder)
            runner.note(f"{folder} was damaged and is written anew.")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.save(folder, runner.store.trusted_by(run.runs[0].spec.learner))
        for warning in caught:
            runner.note(str(warning.message))
    row = winner.runs[place]
    return model, Recommendation(
        learner=winner.name,
        run=place,
        fold=row.fold,
        seed=row.seed,
        why=why(winner, row, baseline, favourite=favourite),
        settings=run.settings(),
        model="model" if kept else None,
        recipe=run.recipe,
    )
