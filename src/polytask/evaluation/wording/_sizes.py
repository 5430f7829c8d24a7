"""Note on joint networks that are much larger than their single-task baselines."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from polytask.evaluation.judging._comparison_records import LearnerRow

__all__ = ["size_notes"]

_MUCH_LARGER = 3


def size_notes(rows: Sequence[LearnerRow], without_twin: Collection[str]) -> tuple[str, ...]:
    """One note if a joint network has more than three times its baseline's parameters.

    Parameters
    ----------
    rows : sequence of LearnerRow
    without_twin : collection of str
        Joint networks whose twins do not take part; the others are compared with theirs.
    """
    sizes = {row.name: row.n_parameters for row in rows}
    larger = [
        row
        for row in rows
        if row.name in without_twin
        and row.baseline is not None
        and row.n_parameters > _MUCH_LARGER * sizes[row.baseline]
    ]
    if not larger:
        return ()
    largest = max(larger, key=lambda row: row.n_parameters)
    own, single = largest.n_parameters, sizes[largest.baseline or ""]
    note = (
        f"{largest.name} has {own:,} parameters, {own / max(single, 1):.1f} times the {single:,} of "
        f"{largest.baseline}: what it gains may come from its size. --twins (twins=True in Python) "
        "adds a network that is as large and shares nothing."
    )
    return (note,)
