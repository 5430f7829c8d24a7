"""Text columns that hold numbers, or numbers but for some cells."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from polytask.data._marker_words import is_marker_word, likely_markers
from polytask.data._number_text import amounts_read, counts_read, numbers_read
from polytask.data._verdict import Verdict, unread
from polytask.exceptions import DataError

__all__ = [
    "all_numbers",
    "declared_numbers",
    "marker_words",
    "may_be_numbers",
    "number_hint",
    "number_verdict",
    "stored_number_verdict",
    "unit_hint",
]

_MOST_STRANGE = 5
_NEARLY_ALL = 0.9
_MINUS = "\N{MINUS SIGN}"
_AS_NUMBERS = "--column NAME:numeric reads them as numbers"
_KEPT = f"numbers that are kept as text; {_AS_NUMBERS}"
_MEASURE = r"^([^\d\p{L}.,+-]*)[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?([^\d]*)$"
"""A number between marks such as a currency's and a unit's; words in front make a name of it."""


def may_be_numbers(head: pl.Series, decimal: str) -> bool:
    """Whether a column's first cells are numbers, however written, but for a few."""
    strange = unread(head, partial(amounts_read, decimal=decimal))
    if len(strange) > _MOST_STRANGE:
        return False
    no_number = sum(strange.values()) == len(head) - head.null_count()
    return not no_number or all(map(is_marker_word, strange))


def number_verdict(cells: pl.Series, decimal: str) -> Verdict | None:
    """Numbers with missing cells, or text that looks like numbers; None for other text.

    Parameters
    ----------
    cells : polars.Series
        Text.
    decimal : {".", ","}
    """
    strange = unread(cells, partial(amounts_read, decimal=decimal))
    if not strange:
        return all_numbers(cells, decimal)
    values = cells.filter(~cells.is_in(list(strange))).drop_nulls()
    markers = likely_markers(strange, values.n_unique())
    if markers is None:
        return _nearly_numbers(strange, len(values))
    verdict = all_numbers(values, decimal)
    if verdict is None or verdict.read is None:
        return verdict
    return Verdict(verdict.read, markers, note=f"numbers but for {marker_words(strange)}")


def stored_number_verdict(cells: pl.Series) -> Verdict | None:
    """As `number_verdict`, for what a frame stores as text: numbers stay text, unless some are missing.

    A note says how to make numbers of them.
    """
    verdict = number_verdict(cells, ".")
    if verdict is None or verdict.markers or not verdict.read:
        return verdict
    return Verdict(note=_KEPT)


def all_numbers(cells: pl.Series, decimal: str) -> Verdict | None:
    """The type of cells that all are numbers, unless that would change what they say."""
    for read in (counts_read, numbers_read):
        exact = partial(read, decimal=decimal)
        if not unread(cells, exact) and not (read is numbers_read and _all_whole(cells)):
            return Verdict(exact)
    if cells.str.contains(_MINUS, literal=True).any():
        return _with_minus(cells, decimal)
    if not _all_whole(cells):
        words = f"numbers with marks between thousands, such as {_marked(cells)!r}, kept as text"
    elif cells.str.contains(r"^[+-]?0\d").any():
        words = "whole numbers, some with leading zeros, kept as text as codes are"
    else:
        words = "whole numbers too long for 64 bits, kept as text so that none is changed"
    return Verdict(note=f"{words}; {_AS_NUMBERS}")


def _with_minus(cells: pl.Series, decimal: str) -> Verdict | None:
    """As `all_numbers`, of numbers with the typographer's minus sign."""
    verdict = all_numbers(cells.str.replace(_MINUS, "-", literal=True), decimal)
    if verdict is None or verdict.read is None:
        return verdict
    read = verdict.read
    return Verdict(lambda found: read(found.str.replace(_MINUS, "-", literal=True)))


def _all_whole(cells: pl.Series) -> bool:
    return bool(cells.str.contains(r"^[+-]?\d+$").all())


def _marked(cells: pl.Series) -> str:
    return next(iter(unread(cells, numbers_read)), "")


def marker_words(strange: Mapping[str, int]) -> str:
    """What is said of cells that were taken for missing ones, NAME for the column's name."""
    shown = " and ".join(f"{cell!r}" for cell in strange)
    count = sum(strange.values())
    return (
        f"{shown} ({count:,} cell{'s' * (count != 1)}), read as missing; "
        "--column NAME:categorical keeps categories"
    )


def number_hint(cells: pl.Series, decimal: str = ".") -> str:
    """What to do with text that is numbers but for a few cells, NAME for the column's name."""
    bare = cells.cast(pl.String).str.strip_chars()
    strange = unread(bare, partial(amounts_read, decimal=decimal))
    if not strange:
        return _KEPT
    nearly = _nearly_numbers(strange, len(bare) - bare.null_count() - sum(strange.values()))
    return nearly.note if nearly else ""


def unit_hint(cells: pl.Series) -> str:
    """What to do with numbers that all stand beside the same signs, such as “12 kg”."""
    observed = cells.cast(pl.String).str.strip_chars().drop_nulls()
    marks = observed.str.extract_groups(_MEASURE).unique().to_list()
    signs = [sign for sign in marks[0].values() if sign] if len(marks) == 1 else []
    if not signs:
        return ""
    return (
        f"numbers beside {' and '.join(map(repr, signs))}, such as {observed[0]!r}, which are "
        "text; write the numbers alone"
    )


def _nearly_numbers(strange: Mapping[str, int], n_numbers: int) -> Verdict | None:
    n_strange = sum(strange.values())
    if len(strange) > _MOST_STRANGE or n_numbers < _NEARLY_ALL * (n_numbers + n_strange):
        return None
    cell, more = next(iter(strange)), len(strange) - 1
    shown = f"{cell!r}{f' and {more} more' if more else ''}"
    note = (
        f"numbers but for {shown} ({n_strange:,} cell{'s' * (n_strange != 1)}), so that all are "
        f"taken for categories; --missing 'NAME={cell}' if it means missing"
    )
    return Verdict(note=note)


def declared_numbers(cells: pl.Series, decimal: str) -> Verdict:
    """Numbers, however written, of a column that was declared numeric.

    Raises
    ------
    DataError
        If cells are neither numbers nor likely to stand for missing ones.
    """
    read = partial(amounts_read, decimal=decimal)
    strange = unread(cells, read)
    values = cells.filter(~cells.is_in(list(strange)))
    markers = likely_markers(strange, values.n_unique()) if strange else ()
    if markers is None:
        raise DataError(_no_numbers(cells, strange))
    whole = partial(counts_read, codes=True)
    note = f"numbers but for {marker_words(strange)}" if strange else ""
    return Verdict(read if unread(values, whole) else whole, markers, note=note)


def _no_numbers(cells: pl.Series, strange: Mapping[str, int]) -> str:
    cell = next(iter(strange))
    remedy = (
        f"Write --missing '{cells.name}={cell}' (missing= in Python) if that means missing"
        if not unit_hint(cells)
        else "Write the numbers alone, without what stands beside them"
    )
    return (
        f"Column {cells.name!r} was declared numeric, but holds {cell!r} in row "
        f"{(cells == cell).arg_max()} ({sum(strange.values())} such cells). {remedy}."
    )
