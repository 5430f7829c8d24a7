"""Text cells in the narrowest type that all cells of their column fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from polytask.data.cells._missing import MISSING, without_markers
from polytask.data.cells._missing_words import word_notes
from polytask.data.cells._number_text import counts_read, numbers_read, plain_counts_read
from polytask.data.cells._text_dates import date_readings, declared_dates, may_hold_dates
from polytask.data.cells._text_numbers import (
    all_numbers,
    declared_numbers,
    may_be_numbers,
    number_reading,
    stored_number_reading,
)
from polytask.data.cells._text_reading import Read, TextReading
from polytask.data.names._note_text import gathered

__all__ = ["CellRules", "Typed", "booleans_read", "typed"]

_HEAD = 1000
_MANY = 100
"""More tests are made on a table in memory: the time to plan them for a file grows as their square."""
_EMPTY = ("",)
_AS_IT_IS = ("text", "characters")
"""Roles of text that is no number, date or truth value, whatever it says."""
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True)
class CellRules:
    """Rules by which text cells are read.

    Parameters
    ----------
    markers : mapping of column to sequence of str
        Cells that mean “missing” beside the usual ones; in frames they are null already.
    decimal : {".", ","}
    roles : mapping of column to str
        ``"numeric"``, ``"categorical"``, ``"identifier"``, ``"date"``, ``"text"`` or
        ``"characters"``, which stay as they are.
    dates : mapping of column to str
        How declared dates are written.
    stored : bool
        Whether text is the type that a frame gave the columns: then they become numbers only where
        markers explain why they are not.
    explained : collection of str
        Columns of a frame in which there were markers.
    verbatim : collection of str
        Columns of a file in which words such as NA are no missing cells, as among declared
        categories.
    """

    markers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    decimal: str = "."
    roles: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False
    explained: Collection[str] = ()
    verbatim: Collection[str] = ()

    @property
    def wordy(self) -> set[str]:
        """Columns in which words such as NA are cells like others."""
        categories = {name for name, role in self.roles.items() if role == "categorical"}
        return {*self.verbatim, *categories}


@dataclass(frozen=True)
class Typed:
    """Typed columns, the markers and forms of dates that they hold, and notes for the user."""

    frame: pl.LazyFrame
    markers: Mapping[str, tuple[str, ...]]
    dates: Mapping[str, str]
    notes: tuple[str, ...]


def booleans_read(cells: pl.Expr) -> pl.Expr:
    """True and false, in any case; null for all else."""
    return cells.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)


def typed(raw: pl.LazyFrame, rules: CellRules) -> Typed:
    """Read whole numbers, numbers, true and false, and dates; all else stays text.

    Parameters
    ----------
    raw : polars.LazyFrame
        Text columns.
    rules : CellRules
    """
    clean = _cleaned(raw, rules)
    names = clean.collect_schema().names()
    plain = _plain_types(clean, names, rules)
    rest = [name for name in names if name not in plain and rules.roles.get(name) not in _AS_IT_IS]
    readings = _second_look(clean, rest, rules)
    reads = plain | {name: reading.read for name, reading in readings.items() if reading.read}
    frame = clean.with_columns(
        read(pl.col(name).str.strip_chars()).alias(name) for name, read in reads.items()
    )
    return Typed(
        frame,
        {name: reading.markers for name, reading in readings.items() if reading.markers},
        {name: reading.form for name, reading in readings.items() if reading.form},
        gathered([(name, reading.note) for name, reading in readings.items() if reading.note])
        + _word_notes(raw, [name for name in names if name not in reads], rules),
    )


def _cleaned(raw: pl.LazyFrame, rules: CellRules) -> pl.LazyFrame:
    """Of files, cells without outer blanks, usual words for missing, and markers."""
    if rules.stored:
        return raw
    wordy = rules.wordy
    clean = raw.with_columns(
        _unless_missing(pl.col(name).str.strip_chars(), _EMPTY if name in wordy else MISSING)
        for name in raw.collect_schema().names()
    )
    return without_markers(clean, rules.markers, rules.decimal)


def _unless_missing(cells: pl.Expr, markers: Sequence[str]) -> pl.Expr:
    return pl.when(cells.is_in(list(markers))).then(None).otherwise(cells).name.keep()


def _word_notes(raw: pl.LazyFrame, names: Sequence[str], rules: CellRules) -> tuple[str, ...]:
    """Of files, notes on words such as NA in the columns that stay text."""
    if rules.stored:
        return ()
    text = [name for name in names if rules.roles.get(name) not in {*_AS_IT_IS, "drop"}]
    return word_notes(raw, text, rules.markers, rules.wordy)


# ── columns whose every cell is a number or a truth value ─────────────────────
def _plain_types(clean: pl.LazyFrame, names: Sequence[str], rules: CellRules) -> dict[str, Read]:
    if rules.stored:
        return {}
    usual: list[Read] = [
        lambda cells: counts_read(cells, rules.decimal),
        lambda cells: numbers_read(cells, rules.decimal),
        booleans_read,
    ]
    if rules.decimal != ".":  # a column may be written with points all the same
        usual.append(numbers_read)
    by_role: dict[str | None, list[Read]] = {
        None: usual,
        "categorical": [plain_counts_read],
        "identifier": [plain_counts_read],
    }
    candidates = {name: by_role.get(rules.roles.get(name), []) for name in names}
    for frame in (clean.head(_HEAD), clean):  # a glance leaves little for the full pass
        candidates = _fitting(frame, candidates)
    chosen = {name: reads[0] for name, reads in candidates.items() if reads}
    long = _beyond_64_bits(clean, [n for n, read in chosen.items() if read in usual[1::2]])
    return {name: read for name, read in chosen.items() if name not in long}


def _fitting(
    frame: pl.LazyFrame, candidates: Mapping[str, Sequence[Read]]
) -> dict[str, list[Read]]:
    """The readings of every column that lose no cell of the frame."""
    lost = [
        (read(pl.col(name)).is_null() & pl.col(name).is_not_null()).any()
        for name, reads in candidates.items()
        for read in reads
    ]
    answers = iter(_row(frame, lost))
    return {
        name: [read for read in reads if not next(answers)] for name, reads in candidates.items()
    }


def _beyond_64_bits(clean: pl.LazyFrame, names: Sequence[str]) -> set[str]:
    """Columns of whole numbers that a float would change."""
    for frame in (clean.head(_HEAD), clean):
        whole = [pl.col(name).str.contains(r"^[+-]?\d+$").all() for name in names]
        names = [name for name, are in zip(names, _row(frame, whole), strict=True) if are]
    return set(names)


def _row(frame: pl.LazyFrame, tests: Sequence[pl.Expr]) -> Sequence[bool]:
    if not tests:
        return ()
    named = [test.alias(str(index)) for index, test in enumerate(tests)]
    if len(tests) > _MANY:
        return frame.collect().select(named).row(0)
    return frame.select(named).collect().row(0)


# ── the others ────────────────────────────────────────────────────────────────
def _second_look(
    clean: pl.LazyFrame, names: Sequence[str], rules: CellRules
) -> dict[str, TextReading]:
    """Columns that are numbers or dates but for some cells, or were declared to be."""
    if not names:
        return {}
    bare = clean.select(pl.col(names).str.strip_chars())
    head = bare.head(_HEAD).collect()
    free = [name for name in names if name not in rules.roles]
    dates = [name for name in free if may_hold_dates(head[name])]
    numbers = [n for n in free if n not in dates and may_be_numbers(head[n], rules.decimal)]
    declared = [name for name in names if rules.roles.get(name) in {"numeric", "date"}]
    columns = bare.select(*numbers, *dates, *declared).collect()
    guesses = {name: _number_reading(columns[name], rules) for name in numbers}
    readings = {name: reading for name, reading in guesses.items() if reading is not None}
    readings |= date_readings([columns[name] for name in dates])
    for name in declared:
        if rules.roles[name] == "numeric":
            readings[name] = declared_numbers(columns[name], rules.decimal)
        else:
            readings[name] = declared_dates(columns[name], rules.dates.get(name))
    return readings


def _number_reading(cells: pl.Series, rules: CellRules) -> TextReading | None:
    """Numbers that a frame holds as text stay text, unless markers explain why they are."""
    if not rules.stored:
        return number_reading(cells, rules.decimal)
    if cells.name in rules.explained:
        return all_numbers(cells, rules.decimal) or number_reading(cells, rules.decimal)
    return stored_number_reading(cells)
