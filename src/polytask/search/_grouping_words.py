"""A grouping in plain words, and its candidates as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polytask._listing import count, first_and_more

if TYPE_CHECKING:
    from polytask.search._grouping import CandidateGain, Grouping

__all__ = ["groups_in_words", "table_of_candidates", "words_of_grouping"]

_MOST_GROUPS, _MOST_TASKS = 12, 12


def groups_in_words(groups: Sequence[Sequence[str]]) -> str:
    """Groups in braces; tasks alone are gathered, and many are cut short."""
    joint = [f"{{{first_and_more(group, _MOST_TASKS)}}}" for group in groups if len(group) > 1]
    alone = [group[0] for group in groups if len(group) == 1]
    parts = [first_and_more(joint, _MOST_GROUPS)] if joint else []
    if alone:
        parts.append(f"alone: {first_and_more(alone, _MOST_TASKS)}")
    return "; ".join(parts)


def words_of_grouping(record: Grouping) -> str:
    """The answer, why, and the cost."""
    parts = [_answer(record), f"{record.why}."]
    parts.append(
        f"Measured on {record.n_rows:,} rows ({record.measured}); "
        f"{count(record.n_networks, 'network')} of {record.learner} took {record.steps:,} optimiser "
        f"steps and {record.seconds:.0f} s."
    )
    parts.extend(f"{note}." for note in (record.search_note, *record.notes) if note)
    return " ".join(part[:1].upper() + part[1:] for part in parts)


def _answer(record: Grouping) -> str:
    if record.answer == "apart":
        return "Train the tasks apart."
    if record.answer == "together":
        return "Train all tasks together, in one network."
    n_joint = sum(len(group) > 1 for group in record.groups)
    networks = count(n_joint, "group")
    return f"Train {networks}: {groups_in_words(record.groups)}."


def table_of_candidates(record: Grouping) -> str:
    """One line per measured partition."""
    lines = [("partition", "sizes of groups", "gain over apart", "interval", "p corrected")]
    lines += [_line(one) for one in (*record.candidates, *record.random)]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _line(one: CandidateGain) -> tuple[str, str, str, str, str]:
    sizes = sorted(map(len, one.groups), reverse=True)
    shown = first_and_more(sizes, 8)
    low_high = one.interval
    return (
        one.name,
        shown,
        "undefined" if one.gain is None else f"{100 * one.gain:+.2f} %",
        "-" if low_high is None else f"{100 * low_high[0]:+.2f} … {100 * low_high[1]:+.2f} %",
        "-" if one.p_corrected is None else f"{one.p_corrected:.3g}",
    )
