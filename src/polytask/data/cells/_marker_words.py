"""Cells that most likely stand for missing numbers or dates."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.data.cells._missing import MISSING

__all__ = ["SIGNS", "is_marker_word", "likely_markers", "unusual_cells"]

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


def unusual_cells(strange: Mapping[str, int]) -> dict[str, int]:
    """Those cells, and how often each occurs, that do not usually stand for a missing value."""
    return {cell: count for cell, count in strange.items() if not is_marker_word(cell)}


def likely_markers(strange: Mapping[str, int], n_values: int) -> tuple[str, ...] | None:
    """The cells of a column that are no numbers, where they stand for missing ones.

    Usual ones such as “?” or “unknown” do where there are two different numbers beside them, and up
    to two others where they repeat and there are ten. What holds a figure, such as “3+” or “<5”,
    says something and is never a marker.

    Parameters
    ----------
    strange : mapping of str to int
        How often each cell that is no number occurs.
    n_values : int
        Number of different values among the others.
    """
    unusual = unusual_cells(strange)
    if not strange or len(unusual) > _MOST or n_values < 2:
        return None
    for cell, count in unusual.items():
        if count < 2 or n_values < _FEWEST_VALUES or any(map(str.isdigit, cell)):
            return None
    return tuple(strange)
