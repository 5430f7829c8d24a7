"""Which model to use, by validation rows alone."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.evaluation.judging._comparison_records import LearnerRow, Recommendation, RunRow
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.wording._words import count, percent

__all__ = ["recommend"]


def recommend(
    rows: Sequence[LearnerRow], entries: Sequence[Entry], baseline: str
) -> Recommendation:
    """The learner of the highest mean validation gain, and of its runs the best.

    Ties go to the earlier learner (single-task baselines come first) and the earlier run.
    """
    row = max(rows, key=_gain)
    run = max(range(len(row.runs)), key=lambda place: _gain(row.runs[place]))
    entry = next(entry for entry in entries if entry.name == row.name)
    return Recommendation(
        learner=row.name,
        run=run,
        fold=row.runs[run].fold,
        seed=row.runs[run].seed,
        why=_why(row, row.runs[run], baseline),
        settings=entry.runs[run].settings(),
    )


def _gain(row: LearnerRow | RunRow) -> float:
    return -float("inf") if row.validation_gain is None else row.validation_gain


def _why(row: LearnerRow, run: RunRow, baseline: str) -> str:
    if row.validation_gain is None:
        return f"{row.name}: no metric is defined on validation rows, so the first one is taken."
    if row.name == baseline:
        first = f"{baseline}: no learner does better on validation rows"
    else:
        gain = percent(row.validation_gain)
        first = f"{row.name} has the highest mean relative gain on validation rows ({gain} over {baseline})"
    doubt = _doubt(row, baseline)
    if len(row.runs) == 1:
        return f"{first}.{doubt}"
    place = f"fold {run.fold}" if len({one.fold for one in row.runs}) > 1 else f"seed {run.seed}"
    return f"{first}; of its {count(len(row.runs), 'run')}, {place} does best there.{doubt}"


def _doubt(row: LearnerRow, baseline: str) -> str:
    """What test rows say against the choice, which stays with validation rows."""
    delta = row.delta_m
    if delta is None or delta.value is None:
        return ""
    if delta.value > 0 and (delta.interval is None or delta.interval[0] > 0):
        return ""
    lead = "is no better" if delta.value <= 0 else "is not shown to be better"
    return f" On test rows it {lead} than {baseline} (Δm {percent(delta.value, delta.interval)})."
