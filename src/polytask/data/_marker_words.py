"""Cells that most likely stand for missing numbers or dates."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.data._missing import MISSING

__all__ = ["SIGNS", "is_marker_word", "likely_markers"]

SIGNS = ("?", "??", "-", "--", "---", ".", "..", "...", "*", "**", "_", "/", "–", "—")
_WORDS = (
    *("na", "n.a.", "n.a", "n/a", "nd", "n.d.", "nil", "none", "null", "nan", "unknown", "unk"),
    *("missing", "miss", "not available", "not applicable", "undefined", "no data", "blank"),
    *("#n/a", "#value!", "#div/0!", "#ref!", "#num!", "#name?", "#null!", "not known"),
)
_EMPTY_DATES = ("0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000")
_KNOWN = {*SIGNS, *_WORDS, *_EMPTY_DATES, *(word.casefold() for word in MISSING)}
_MOST = 2
_FEWEST_VALUES = 10


def is_marker_word(cell: str) -> bool:
    """Whether a cell is one of those that usually stand for a missing value."""
    return cell.strip().casefold() in _KNOWN


def likely_markers(strange: Mapping[str, int], n_values: int) -> tuple[str, ...] | None:
    """The cells of a column that are no numbers, where they stand for missing ones.

    One or two different ones do: usual ones such as “?” or “unknown” where there are two different
    numbers beside them, others where they repeat and there are ten. What holds a figure, such as
    “3+” or “<5”, says something and is never a marker.

    Parameters
    ----------
    strange : mapping of str to int
        How often each cell that is no number occurs.
    n_values : int
        Number of different values among the others.
    """
    if not 0 < len(strange) <= _MOST or n_values < 2:
        return None
    for cell, count in strange.items():
        if is_marker_word(cell):
            continue
        if count < 2 or n_values < _FEWEST_VALUES or any(map(str.isdigit, cell)):
            return None
    return tuple(strange)
