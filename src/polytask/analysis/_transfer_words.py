"""A paragraph on a transfer map in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polytask._listing import count, enumerated
from polytask.analysis._measured_gain import MeasuredGain, worded_gain
from polytask.analysis._worded_changes import worded_changes

if TYPE_CHECKING:
    from polytask.analysis._transfer_map import TransferMap

__all__ = ["words_of_map"]


def words_of_map(record: TransferMap) -> str:
    """What was measured, which pairs differ from alone, and what training all together does."""
    rows = f"Measured on {record.n_rows:,} rows ({record.measured}), in {_metrics(record)}."
    parts = [rows]
    if record.pairs:
        parts.append(_of_pairs(record.pairs))
    elif record.sampled:
        parts.append(_of_sampled(record))
    parts.append(_of_all(record.together))
    parts.extend(f"{note}." for note in record.notes)
    return " ".join(parts)


def _metrics(record: TransferMap) -> str:
    return enumerated(dict.fromkeys(record.metrics.values()))


def _of_pairs(pairs: Sequence[MeasuredGain]) -> str:
    looked = f"corrected for the {len(pairs)} ordered pairs that were looked at"
    changes = worded_changes(pairs, {"gains": "gain", "loses": "lose"}, _named)
    if not changes:
        return f"No task gains or loses by training with a single other one, {looked}."
    return f"Of ordered pairs, {changes} against training alone, {looked}."


def _named(gain: MeasuredGain) -> str:
    return f"{gain.task} with {next(name for name in gain.group if name != gain.task)}"


def _of_sampled(record: TransferMap) -> str:
    known = [gain for gain in record.sampled if gain.gain is not None]
    if not known:
        return "No random group holds two of the tasks."
    best = max(known, key=lambda gain: gain.gain or 0.0)
    return (
        f"In random groups, the largest mean gain is that of {best.task} with {best.partner}, "
        f"{worded_gain(best.gain)} over {count(best.n_groups, 'group')}; pairs were not tested."
    )


def _of_all(together: Sequence[MeasuredGain]) -> str:
    known = [gain.gain for gain in together if gain.gain is not None]
    if not known:
        return "All together, no gain is defined."
    gaining = sum(gain.verdict() == "gains" for gain in together)
    losing = sum(gain.verdict() == "loses" for gain in together)
    mean = sum(known) / len(known)
    change = f"{'gain' if mean >= 0 else 'lose'} {abs(100 * mean):.1f} %"
    return (
        f"Trained all together, tasks {change} on average: of {count(len(together), 'task')}, "
        f"{gaining} gain and {losing} lose after correction."
    )
