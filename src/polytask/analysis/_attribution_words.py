"""A paragraph on attributions in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from polytask._listing import count, enumerated, first_and_more

if TYPE_CHECKING:
    from polytask.analysis._attributions import Attributions

__all__ = ["words_of_attributions"]

_MOST_TASKS, _MOST_COLUMNS = 4, 3


def words_of_attributions(record: Attributions) -> str:
    """What was measured, what the tasks look at, and which look at the same."""
    rows = f"{count(record.n_rows, 'row')} ({record.measured})"
    parts = [f"Importance is {record.meaning}, for {record.learner} on {rows}."]
    if record.has_zero:
        parts.append(_tested(record))
    parts += [_of_tasks(record), _of_pairs(record)]
    parts.extend(f"{note}." for note in record.notes)
    return " ".join(filter(None, parts))


def _tested(record: Attributions) -> str:
    p = [value for row in record.p for value in row if value is not None]
    above = sum(
        value is not None and value <= 0.05 and (own or 0.0) > 0
        for row, values in zip(record.p, record.importance, strict=True)
        for value, own in zip(row, values, strict=True)
    )
    return f"Of {count(len(p), 'importance')}, {above:,} lie above 0, corrected for all of them."


def _of_tasks(record: Attributions) -> str:
    """The most important columns of the first tasks."""
    shares = record.shares
    known = [i for i in range(len(record.tasks)) if np.isfinite(shares[i]).any()]
    sentences = [f"{record.tasks[i]} looks at {_top(record, shares[i])}" for i in known]
    more = len(sentences) - _MOST_TASKS
    told = "; ".join(sentences[:_MOST_TASKS])
    rest = f"; the table has {count(more, 'more task')}" if more > 0 else ""
    nothing = [task for i, task in enumerate(record.tasks) if i not in known]
    none = f"For {first_and_more(nothing)}, no column is shown to matter." if nothing else ""
    return " ".join(filter(None, [f"Task {told}{rest}." if told else "", none]))


def _top(record: Attributions, shares: np.ndarray) -> str:
    order = np.argsort(-np.nan_to_num(shares), kind="stable")[:_MOST_COLUMNS]
    shown = [j for j in order if shares[j] >= 0.005] or [j for j in order if shares[j] > 0]
    return enumerated(f"{record.columns[j]} ({100 * shares[j]:.0f} %)" for j in shown)


def _of_pairs(record: Attributions) -> str:
    """The tasks that look at the same columns most, and least."""
    overlap = record.overlap
    size = len(record.tasks)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size) if np.isfinite(overlap[i, j])]
    if not pairs:
        return ""
    ordered = sorted(pairs, key=lambda pair: -overlap[pair])
    most = _pair(record.tasks, overlap, ordered[0])
    if len(pairs) == 1:
        return f"The overlap of {most} on a scale from 0 to 1."
    least = _pair(record.tasks, overlap, ordered[-1])
    return f"On a scale from 0 to 1, the overlap of {most}, the largest, and that of {least}, the least."


def _pair(tasks: Sequence[str], overlap: np.ndarray, pair: tuple[int, int]) -> str:
    return f"{tasks[pair[0]]} and {tasks[pair[1]]} is {overlap[pair]:.2f}"
