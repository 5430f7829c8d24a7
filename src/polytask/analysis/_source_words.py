"""A paragraph on source tasks in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polytask._listing import count, enumerated
from polytask.analysis._worded_changes import worded_changes

if TYPE_CHECKING:
    from polytask.analysis._source_tasks import SourceEffect, SourceTasks

__all__ = ["words_of_sources"]


def words_of_sources(record: SourceTasks) -> str:
    """What was measured, which source tasks help or harm, and how often a row has another helper."""
    metrics = enumerated(dict.fromkeys(record.metrics.values()))
    left_out = f"{count(len(record.sources), 'task')} was left out of {record.learner}"
    rows = f"{count(record.n_rows, 'row')} ({record.measured})"
    parts = [
        f"Each of {left_out} with all {len(record.tasks)}, measured on {rows}, in {metrics}.",
        _of_pairs(record.effects),
        _of_rows(record),
        *(f"{note}." for note in record.notes),
    ]
    return " ".join(filter(None, parts))


def _of_pairs(effects: Sequence[SourceEffect]) -> str:
    looked = f"corrected for all pairs that were looked at ({len(effects)})"
    changes = worded_changes(effects, {"helps": "help", "harms": "harm"}, _named)
    if not changes:
        return f"No task is shown to help or harm another, {looked}."
    return f"Of pairs, {changes}, {looked}."


def _named(effect: SourceEffect) -> str:
    return f"{effect.source} to {effect.task}"


def _of_rows(record: SourceTasks) -> str:
    """Of the predictions that were helped most in their task, the one that most trainings agree on."""
    helped = [row for row in record.extremes if row.value > 0]
    if not helped:
        return ""
    best = max(helped, key=lambda row: (row.agreeing, row.value))
    of = count(record.n_rounds, "training")
    return (
        "Single predictions vary by chance more than means do: of those that were helped most in their "
        f"task, row {best.row} of {best.task} was helped by {best.source} in {best.agreeing} of {of}."
    )
