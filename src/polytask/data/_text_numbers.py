"""Text columns that hold numbers, or numbers but for some cells."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from polytask.data._marker_words import is_marker_word, likely_markers
from polytask.data._number_text import amounts_read, counts_read, numbers_read
from polytask.data._verdict import Verdict, unread
from polytask.exceptions import DataError

__all__ = ["all_numbers", "declared_numbers", "marker_words", "may_be_numbers", "number_verdict"]

_MOST_STRANGE = 5
_NEARLY_ALL = 0.9
_AS_NUMBERS = "--column NAME:numeric reads them as numbers"


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


def all_numbers(cells: pl.Series, decimal: str) -> Verdict | None:
    """The type of cells that all are numbers, unless that would change what they say."""
    for read in (counts_read, numbers_read):
        exact = partial(read, decimal=decimal)
        if not unread(cells, exact) and not (read is numbers_read and _all_whole(cells)):
            return Verdict(exact)
    if not _all_whole(cells):
        words = f"numbers with marks between thousands, such as {_marked(cells)!r}, kept as text"
    elif cells.str.contains(r"^[+-]?0\d").any():
        words = "whole numbers, some with leading zeros, kept as text as codes are"
    else:
        words = "whole numbers too long for 64 bits, kept as text so that none is changed"
    return Verdict(note=f"{words}; {_AS_NUMBERS}")


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
        cell = next(iter(strange))
        sentence = (
            f"Column {cells.name!r} was declared numeric, but holds {cell!r} in row "
            f"{(cells == cell).arg_max()} ({sum(strange.values())} such cells). Write "
            f"--missing '{cells.name}={cell}' (missing= in Python) if that means missing."
        )
        raise DataError(sentence)
    whole = partial(counts_read, codes=True)
    note = f"numbers but for {marker_words(strange)}" if strange else ""
    return Verdict(read if unread(values, whole) else whole, markers, note=note)
