"""Text columns that hold numbers, or numbers but for some cells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import polars as pl

from polytask._listing import enumerated
from polytask.data.cells._marker_words import is_marker_word, likely_markers, unusual_cells
from polytask.data.cells._number_text import amounts_read, counts_read, numbers_read, truths_read
from polytask.data.cells._text_reading import TextReading, unread
from polytask.data.cells._written_numbers import are_written_numbers
from polytask.data.names._note_text import as_missing, named
from polytask.exceptions import DataError

__all__ = [
    "all_numbers",
    "declared_numbers",
    "marker_words",
    "may_be_numbers",
    "number_hint",
    "number_reading",
    "stored_number_reading",
    "unit_hint",
]

_MOST_STRANGE = 5
_MOST_SHOWN = 6
_NEARLY_ALL = 0.9
_ENOUGH_NUMBERS = 10
_MINUS = "\N{MINUS SIGN}"
_AS_NUMBERS = "--column NAME:numeric reads them as numbers"
_KEPT = f"numbers that are kept as text; {_AS_NUMBERS}"
_MEASURE = r"^([^\d\p{L}.,+-]*)[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?([^\d]*)$"
"""A number between marks such as a currency's and a unit's; words in front make a name of it."""


def may_be_numbers(head: pl.Series, decimal: str) -> bool:
    """Whether a column's first cells are numbers, however written, but for a few."""
    strange = unread(head, partial(amounts_read, decimal=decimal))
    if len(unusual_cells(strange)) > _MOST_STRANGE:
        return False
    no_number = sum(strange.values()) == len(head) - head.null_count()
    return not no_number or all(map(is_marker_word, strange))


def number_reading(cells: pl.Series, decimal: str) -> TextReading | None:
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
        return _nearly_numbers(strange, values)
    reading = all_numbers(values, decimal)
    if reading is None or reading.read is None:
        return reading
    return TextReading(reading.read, markers, note=f"numbers but for {marker_words(strange)}")


def stored_number_reading(cells: pl.Series) -> TextReading | None:
    """As `number_reading`, of text in a frame: numbers stay text, unless some are missing.

    A note says how to make numbers of them.
    """
    reading = number_reading(cells, ".")
    if reading is None or reading.markers or not reading.read:
        return reading
    return TextReading(note=_KEPT)


def all_numbers(cells: pl.Series, decimal: str) -> TextReading | None:
    """The type of cells that all are numbers, unless that would change what they say."""
    for read in (counts_read, numbers_read):
        exact = partial(read, decimal=decimal)
        if not unread(cells, exact) and not (read is numbers_read and _all_whole(cells)):
            return TextReading(exact)
    if cells.str.contains(_MINUS, literal=True).any():
        return _with_minus(cells, decimal)
    if not _all_whole(cells):
        note = f"numbers with marks between thousands, such as {_marked(cells)!r}, kept as text"
    elif cells.str.contains(r"^[+-]?0\d").any():
        note = "whole numbers, some with leading zeros, kept as text as codes are"
    else:
        note = "whole numbers too long for 64 bits, kept as text so that none is changed"
    return TextReading(note=f"{note}; {_AS_NUMBERS}")


def _with_minus(cells: pl.Series, decimal: str) -> TextReading | None:
    """As `all_numbers`, of numbers with the typographer's minus sign."""
    reading = all_numbers(cells.str.replace(_MINUS, "-", literal=True), decimal)
    if reading is None or reading.read is None:
        return reading
    read = reading.read
    return TextReading(lambda text: read(text.str.replace(_MINUS, "-", literal=True)))


def _all_whole(cells: pl.Series) -> bool:
    return bool(cells.str.contains(r"^[+-]?\d+$").all())


def _marked(cells: pl.Series) -> str:
    return next(iter(unread(cells, numbers_read)), "")


def marker_words(strange: Mapping[str, int]) -> str:
    """Note on cells that are taken for missing ones; NAME stands for their column."""
    return f"{_shown(strange)}, read as missing; --column NAME:categorical keeps categories"


def _shown(strange: Mapping[str, int]) -> str:
    """The distinct cells, and their count."""
    count, more = sum(strange.values()), len(strange) - _MOST_SHOWN
    names = [*map(repr, list(strange)[:_MOST_SHOWN]), *[f"{more} more"] * (more > 0)]
    return f"{enumerated(names)} ({count:,} cell{'s' * (count != 1)})"


def number_hint(cells: pl.Series, decimal: str = ".") -> str:
    """Advice on text of which most cells are numbers; NAME stands for its column."""
    bare = cells.cast(pl.String).str.strip_chars()
    strange = unread(bare, partial(amounts_read, decimal=decimal))
    if not strange:
        return _KEPT
    nearly = _nearly_numbers(strange, bare.filter(~bare.is_in(list(strange))))
    return nearly.note if nearly else ""


def unit_hint(cells: pl.Series) -> str:
    """Advice on numbers that all stand beside the same signs, such as “12 kg”."""
    observed = cells.cast(pl.String).str.strip_chars().drop_nulls()
    marks = observed.str.extract_groups(_MEASURE).unique().to_list()
    signs = [sign for sign in marks[0].values() if sign] if len(marks) == 1 else []
    if not signs:
        return ""
    return (
        f"numbers beside {' and '.join(map(repr, signs))}, such as {observed[0]!r}, which are "
        "text; write the numbers alone"
    )


def _nearly_numbers(strange: Mapping[str, int], numbers: pl.Series) -> TextReading | None:
    """A note on numbers but for a few other cells, or for some such as “<0.5”."""
    unusual = unusual_cells(strange)
    if not 0 < len(unusual) <= _MOST_STRANGE or not _are_numbers(unusual, numbers):
        return None
    note = (
        f"numbers but for {_shown(strange)}, so that all are taken for categories; "
        f"{_as_missing(unusual)}"
    )
    return TextReading(note=note)


def _are_numbers(unusual: Mapping[str, int], numbers: pl.Series) -> bool:
    """Whether a column with such cells is one of numbers."""
    n_numbers, n_unusual = numbers.drop_nulls().len(), sum(unusual.values())
    if n_numbers >= _NEARLY_ALL * (n_numbers + n_unusual):
        return True
    enough = 3 * n_numbers >= n_unusual and numbers.n_unique() >= _ENOUGH_NUMBERS
    return enough and are_written_numbers(list(unusual))


def _as_missing(cells: Collection[str]) -> str:
    """Advice on cells of NAME: declare them missing, or rewrite those such as “<0.5”."""
    alone = len(cells) == 1
    remedy = f"add {as_missing(cells)} if {'it means' if alone else 'they mean'} missing"
    if not are_written_numbers(list(cells)):
        return remedy
    return f"write {'it as a plain number' if alone else 'them as plain numbers'}, or {remedy}"


def declared_numbers(cells: pl.Series, decimal: str) -> TextReading:
    """Numbers, however written, of a column that was declared numeric.

    Raises
    ------
    DataError
        If cells are neither numbers nor likely to stand for missing ones.
    """
    truths = unread(cells, truths_read)
    if not unusual_cells(truths) and sum(truths.values()) < len(cells) - cells.null_count():
        note = "true or yes read as 1, false or no as 0"
        note += f"; {_shown(truths)} read as missing" if truths else ""
        return TextReading(truths_read, tuple(truths), note=note)
    read = partial(amounts_read, decimal=decimal)
    strange = unread(cells, read)
    values = cells.filter(~cells.is_in(list(strange)))
    unusual = unusual_cells(strange)
    if unusual and likely_markers(strange, values.n_unique()) is None:
        raise DataError(_no_numbers(cells, unusual, values))
    whole = partial(counts_read, codes=True)
    note = f"numbers but for {marker_words(strange)}" if strange else ""
    return TextReading(read if unread(values, whole) else whole, tuple(strange), note=note)


def _no_numbers(cells: pl.Series, unusual: Mapping[str, int], numbers: pl.Series) -> str:
    cell, count = next(iter(unusual)), sum(unusual.values())
    if not unusual_cells(unread(cells, partial(amounts_read, decimal=","))):
        remedy = "Add --decimal , (decimal=',' in Python), or write decimal points"
    elif unit_hint(cells):
        remedy = "Write the numbers alone, without what stands beside them"
    elif len(unusual) <= _MOST_STRANGE and numbers.drop_nulls().len() >= count:
        advice = named(_as_missing(unusual), cells.name)
        remedy = f"{advice[0].upper()}{advice[1:]} (missing= in Python)"
    else:
        remedy = "Write all of them as plain numbers, or do not declare the column"
    return (
        f"Column {cells.name!r} was declared numeric, but holds {cell!r} in row "
        f"{(cells == cell).arg_max()} ({count:,} such cell{'s' * (count != 1)}). {remedy}."
    )
