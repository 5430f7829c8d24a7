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
    looked = f"corrected for the {len(effects)} pairs that were looked at"
    changes = worded_changes(effects, {"helps": "help", "harms": "harm"}, _named)
    if not changes:
        return f"No task is shown to help or harm another, {looked}."
    return f"Of pairs, {changes}, {looked}."


def _named(effect: SourceEffect) -> str:
    return f"{effect.source} to {effect.task}"


def _of_rows(record: SourceTasks) -> str:
    """The prediction that was helped most."""
    helped = [row for row in record.extremes if row.value > 0]
    if not helped:
        return ""
    best = max(helped, key=lambda row: (row.agreeing, row.value))
    of = count(record.n_rounds, "training")
    return (
        f"Single predictions vary by chance more than means do: row {best.row} of {best.task} was helped "
        f"most by {best.source}, in {best.agreeing} of {of}."
    )
