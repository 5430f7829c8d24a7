"""Sentences on why a model is recommended, or none."""

from __future__ import annotations

from polytask._listing import count
from polytask.evaluation.judging._comparison_records import LearnerRow, RunRow
from polytask.evaluation.wording._average import average
from polytask.evaluation.wording._words import percent

__all__ = ["on_validation", "why", "why_none"]


def why_none() -> str:
    """Sentence in place of a model if nothing beats the best constant."""
    return (
        "none: no learner is shown to beat the best constant prediction on test rows. Inputs that "
        "say more about the targets, more rows, or other models are the remedy."
    )


def on_validation(*, favourite: bool) -> str:
    """Phrase for where a learner is best: among all, or among those ahead of the constant."""
    return "on validation rows" + ", of those ahead of the best constant" * (not favourite)


def why(row: LearnerRow, run: RunRow, baseline: str, *, favourite: bool) -> str:
    """Sentence with the reason from validation rows, and the doubt from test rows."""
    if row.validation_gain is None:
        return f"{row.name}: no relative gain is defined on validation rows, so the first is taken."
    where = on_validation(favourite=favourite)
    if row.name == baseline:
        first = f"{baseline}: no learner does better {where}"
    else:
        gain = percent(row.validation_gain)
        first = f"{row.name} has the highest mean relative gain {where} ({gain} over {baseline})"
    doubt = _doubt(row, baseline)
    if len(row.runs) == 1:
        return f"{first}.{doubt}"
    place = (
        f"fold {run.fold}" if len({other.fold for other in row.runs}) > 1 else f"seed {run.seed}"
    )
    return f"{first}; of its {count(len(row.runs), 'run')}, {place} does best there.{doubt}"


def _doubt(row: LearnerRow, baseline: str) -> str:
    """Sentence on test rows that contradict the choice, which validation rows decide."""
    delta, floor = row.delta_m, row.over_constant
    if floor is not None and floor.value is None:
        return " Whether it beats the best constant on test rows cannot be said."
    if floor is not None and floor.p is None:
        return " Test rows are too few to show that it beats the best constant."
    if delta is None or delta.value is None:
        return ""
    if delta.value > 0 and (delta.interval is None or delta.interval[0] > 0):
        return ""
    lead = "is no better" if delta.value <= 0 else "is not shown to be better"
    return f" On test rows it {lead} than {baseline} ({average(delta)})."
