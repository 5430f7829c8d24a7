"""Cells that mean “missing”: what users say, and where such cells are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import polars as pl

from polytask._listing import first_and_more
from polytask._naming import suggestion
from polytask._validation import message
from polytask.data.cells._number_text import numbers_read
from polytask.data.names._require_columns import absent_from_sources
from polytask.data.names._source_columns import SourceColumns, matching
from polytask.exceptions import DataError, ParameterError

__all__ = ["MISSING", "marker_notes", "markers_by_column", "without_markers"]

MISSING = (
    *("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"),
    *("n/a", "<NA>", "#N/A", "#NA"),
)
"""Cells of text files that mean “missing”."""

_EXACT = 2.0**53
"""From here on a float may stand for several whole numbers."""


def markers_by_column(given: object, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Markers of missing cells by column, from the argument `missing`.

    Parameters
    ----------
    given : str, number, sequence of these, or mapping of column to one or several
        A string ``COLUMN=M`` is about one column; names of columns may be patterns.
    names : sequence of str
        Columns of the table, or of several sources.

    Raises
    ------
    DataError
        If a column is named that the table does not have, or none of the sources.

    Examples
    --------
    >>> from polytask.data.cells._missing import markers_by_column
    >>> markers_by_column(["?", "age=-1"], ["age", "city"])
    {'age': ('?', '-1'), 'city': ('?',)}
    """
    given_markers: dict[str, list[str]] = {}
    for columns, markers in _pairs(given, names):
        for column in columns:
            given_markers.setdefault(column, []).extend(markers)
    return {
        name: tuple(dict.fromkeys(given_markers[name])) for name in names if name in given_markers
    }


def _pairs(given: object, names: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    if isinstance(given, Mapping):
        return [(_columns(str(name), names), _texts(cells)) for name, cells in given.items()]
    return [_parted(marker, names) for marker in _texts(given)]


def _parted(text: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """``COLUMN=M`` in two, or all columns and the whole text."""
    positions = [position for position, mark in enumerate(text) if mark == "=" and position]
    for position in reversed(positions):  # a column's own name may hold an equals sign
        if text[:position] in names:
            return [text[:position]], [text[position + 1 :].strip()]
    if not positions:
        return list(names), [text]
    return _columns(text[: positions[0]], names), [text[positions[0] + 1 :].strip()]


def _columns(pattern: str, names: Sequence[str]) -> list[str]:
    if pattern in names:
        return [pattern]
    matched = matching(pattern, names)
    if not matched:
        if isinstance(names, SourceColumns):
            absent = f"`missing`: {absent_from_sources(pattern, names)}"
        else:
            nearest = suggestion(pattern, names)
            absent = f"The column {pattern!r} named in `missing` is not in the table. {nearest}"
        sentence = (
            f"{absent} A marker that holds an equals sign is given as missing={{'*': …}} in Python."
        )
        raise DataError(sentence)
    return matched


def _texts(given: object) -> list[str]:
    listed = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for marker in listed:
        if not isinstance(marker, str | int | float):
            expected = (
                "text and numbers that stand for missing cells, or a mapping of column to such"
            )
            raise ParameterError(message("the data set", "missing", expected, given))
    return [str(marker).strip() for marker in listed]


def without_markers(
    frame: pl.LazyFrame, markers: Mapping[str, Sequence[str]], decimal: str = "."
) -> pl.LazyFrame:
    """The frame with null for markers; numbers compare by value, and blanks around text are cut.

    Parameters
    ----------
    frame : polars.LazyFrame
    markers : mapping of column to sequence of str
        Columns that are not in the frame are passed over.
    decimal : {".", ","}
        The decimal mark of numbers in text.
    """
    tests = {
        name: _is_marker(name, dtype, markers[name], decimal)
        for name, dtype in frame.collect_schema().items()
        if markers.get(name)
    }
    return frame.with_columns(
        pl.when(test.fill_null(value=False)).then(None).otherwise(pl.col(name)).alias(name)
        for name, test in tests.items()
        if test is not None
    )


def marker_notes(
    frame: pl.LazyFrame, markers: Mapping[str, Sequence[str]], decimal: str = "."
) -> tuple[str, ...]:
    """Where the markers are, in words, and which are nowhere."""
    schema = frame.collect_schema()
    tests = {
        (marker, name): test
        for name in markers
        for marker in markers[name]
        if (test := _is_marker(name, schema[name], [marker], decimal)) is not None
    }
    counted = (test.sum().alias(str(index)) for index, test in enumerate(tests.values()))
    counts = dict(zip(tests, frame.select(counted).collect().row(0), strict=True)) if tests else {}
    given = dict.fromkeys(marker for cells in markers.values() for marker in cells)
    return tuple(_marker_note(marker, markers, counts) for marker in given)


def _marker_note(
    marker: str,
    markers: Mapping[str, Sequence[str]],
    counts: Mapping[tuple[str, str], int],
) -> str:
    by_column = {name: n for name in markers if (n := counts.get((marker, name), 0))}
    if by_column:
        total = sum(by_column.values())
        where = f"{total:,} cell{'s' * (total != 1)} of {first_and_more(list(by_column))}"
        return f"missing: {marker!r} in {where}"
    columns = [name for name, cells in markers.items() if marker in cells]
    return f"missing: {marker!r} occurs nowhere in {first_and_more(columns)}"


def _is_marker(name: str, dtype: Any, markers: Sequence[str], decimal: str) -> pl.Expr | None:
    """Expression that is true for markers; None for types that hold none."""
    cells = pl.col(name)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return _is_marker_text(cells.cast(pl.String).str.strip_chars(), markers, decimal)
    if dtype == pl.Boolean:
        return cells.cast(pl.String).is_in([marker.casefold() for marker in markers])
    if dtype.is_integer():
        return _is_any(cells, pl.Series(_whole_numbers(markers, dtype), dtype=dtype))
    if dtype.is_numeric():
        held = dtype if dtype.is_float() else pl.Float64
        values = pl.Series(_numbers(markers), dtype=pl.Float64).cast(held)
        return _is_any(cells.cast(held), values)
    if isinstance(dtype, pl.Date | pl.Datetime):
        wall = cells if dtype == pl.Date else cells.dt.replace_time_zone(None)
        moments = pl.Series(_moments(markers), dtype=pl.Datetime("us"))
        return _is_any(wall.cast(pl.Datetime("us")), moments)
    return None


def _is_marker_text(cells: pl.Expr, markers: Sequence[str], decimal: str) -> pl.Expr:
    same = cells.is_in(list(markers))
    numbers = pl.Series(_numbers(markers), dtype=pl.Float64)
    if numbers.is_empty():
        return same
    return same | _is_any(numbers_read(cells, decimal), numbers).fill_null(value=False)


def _is_any(cells: pl.Expr, values: pl.Series) -> pl.Expr:
    """Whether cells are one of a few values, as old and new polars understand it alike."""
    tests = [cells == pl.lit(value, dtype=values.dtype) for value in values]
    return pl.any_horizontal(tests) if tests else pl.lit(value=False)


def _numbers(markers: Sequence[str]) -> list[float]:
    """Values of markers that are numbers; without whole ones that a float would change."""
    values = []
    for marker in markers:
        try:
            value = float(marker)
        except ValueError:
            continue
        if not (_is_whole(marker) and abs(value) >= _EXACT):
            values.append(value)
    return values


def _whole_numbers(markers: Sequence[str], dtype: Any) -> list[int]:
    """Values of markers that a column of whole numbers can hold."""
    written = {int(marker) for marker in markers if _is_whole(marker)}
    valued = {int(value) for value in _numbers(markers) if value.is_integer()}
    zero = pl.lit(0, dtype=dtype)
    low, high = pl.select(low=zero.lower_bound(), high=zero.upper_bound()).row(0)
    return sorted(number for number in written | valued if low <= number <= high)


def _is_whole(marker: str) -> bool:
    return marker.lstrip("+-").isdecimal()


def _moments(markers: Sequence[str]) -> list[datetime]:
    moments = []
    for marker in markers:
        with suppress(ValueError):
            moments.append(datetime.fromisoformat(marker).replace(tzinfo=None))
    return moments
