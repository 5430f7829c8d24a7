"""How much tasks shared, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytask._listing import count, enumerated, first_and_more
from polytask.search._grouping_words import groups_in_words

if TYPE_CHECKING:
    from polytask.search._sharing_record import SharingRecord

__all__ = ["rule_in_words", "words_of_sharing"]

_MOST = 12


def rule_in_words(lower: float, upper: float, alpha: float) -> str:
    """The ratio of sharing as a function of affinity, and the pull that follows from it."""
    return (
        f"ratio = min(1, max(0, (affinity − {lower:g}) / {1 - lower:.4g})) within groups and 0 between "
        f"them; parameters of a pair are pulled together with the strength {alpha:g} × ratio; a pair "
        f"alone begins to share at an affinity of {upper:g} and ends at {lower:g}"
    )


def words_of_sharing(record: SharingRecord) -> str:
    """Who shares, how much, who left, when that changed, and the rule."""
    parts = [_who(record), *_left(record), _when(record)]
    parts.append(f"Rule: {rule_in_words(record.lower, record.upper, record.alpha)}.")
    return " ".join(parts)


def _who(record: SharingRecord) -> str:
    joint = [group for group in record.groups if len(group) > 1]
    if not joint:
        return "No tasks share at the end: each has a network of its own."
    shared = record.matrix[np.nan_to_num(record.matrix) > 0]
    ratios = f" with ratios from {shared.min():.2f} to {shared.max():.2f}" if len(shared) else ""
    if len(joint) == len(record.groups) == 1:
        return f"All {len(record.tasks)} tasks share{ratios}."
    return f"{count(len(joint), 'group')} of tasks share{ratios}: {groups_in_words(record.groups)}."


def _left(record: SharingRecord) -> list[str]:
    """The tasks that answer alone although they are related to others."""
    alone = record.changes[-1].alone
    if not alone:
        return []
    answer = "answers" if len(alone) == 1 else "answer"
    why = "since the validation loss was lower so than with what related tasks learn"
    return [f"{first_and_more(alone, _MOST)} {answer} alone, {why}."]


def _when(record: SharingRecord) -> str:
    steps = [f"{change.step:,}" for change in record.changes[1:]]
    looks = f"in {count(record.n_looks, 'evaluation')} over {count(record.steps, 'step')}"
    if not steps:
        return f"Nothing changed {looks}."
    shown = enumerated(steps) if len(steps) <= _MOST else first_and_more(steps, _MOST)
    return f"Sharing changed {looks}: at step {shown}."
