"""A paragraph on source tasks in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polytask._listing import count, enumerated
from polytask.analysis._measured_gain import worded_gain

if TYPE_CHECKING:
    from polytask.analysis._source_tasks import SourceEffect, SourceTasks

__all__ = ["words_of_sources"]

_MOST = 3


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
    helping = [effect for effect in effects if effect.verdict() == "helps"]
    harming = [effect for effect in effects if effect.verdict() == "harms"]
    looked = f"corrected for the {len(effects)} pairs that were looked at"
    if not helping and not harming:
        return f"No task is shown to help or harm another, {looked}."
    sentences = [
        f"{len(found)} {verb} ({_largest(found)})"
        for found, verb in ((helping, "help"), (harming, "harm"))
        if found
    ]
    return f"Of pairs, {enumerated(sentences)}, {looked}."


def _largest(effects: Sequence[SourceEffect]) -> str:
    ordered = sorted(effects, key=lambda effect: -abs(effect.gain or 0.0))
    shown = [f"{e.source} to {e.task} {worded_gain(e.gain)}" for e in ordered[:_MOST]]
    more = len(ordered) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more else "")


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
