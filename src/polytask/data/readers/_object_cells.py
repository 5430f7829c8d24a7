"""Python objects, one per row, as a polars series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from polytask._validation import describe
from polytask.data.readers._object_arrays import array_cells, is_unicode
from polytask.data.readers._object_kinds import (
    ARRAYS,
    BYTES,
    DURATIONS,
    EXACT,
    NUMBERS,
    TEXT,
    TIMES,
    holding,
)
from polytask.exceptions import DataError

__all__ = ["object_cells"]

_AS_THEY_ARE = ({bool}, {float})
_WHOLE: Mapping[Any, int] = {pl.Int64: 2**63, pl.Int128: 2**127}
"""Types of whole numbers, and the first number that is too large for each."""


def object_cells(name: str, cells: Sequence[Any]) -> pl.Series:
    """Cells of one type as a series; None, NaN, NaT, pandas' NA and masked cells are null.

    Parameters
    ----------
    name : str
        The column.
    cells : sequence

    Raises
    ------
    DataError
        If the cells are of several types, or of one that no column can hold; the sentence says
        what the column holds and what to do.

    Examples
    --------
    >>> from polytask.data.readers._object_cells import object_cells
    >>> object_cells("size", [1, 2.5, float("nan")]).to_list()
    [1.0, 2.5, None]
    """
    kinds = set(map(type, cells)) - {type(None)}
    if kinds == {str}:
        return _texts(name, cells)
    if kinds in _AS_THEY_ARE:
        series = pl.Series(name, cells)
        return series.fill_nan(None) if series.dtype.is_float() else series
    held = {kind: holding(kind) for kind in kinds}
    values = [None if cell is None else held[type(cell)][1](cell) for cell in cells]
    first: dict[str, int] = {}
    for row, value in enumerate(values):
        if value is not None:
            first.setdefault(held[type(cells[row])][0], row)
    if not first:
        return pl.Series(name, values, dtype=pl.Null)
    if len(first) > 1:
        raise DataError(_mixed(name, cells, first))
    ((kind, row),) = first.items()
    if kind not in _BUILDERS:
        raise DataError(_refused(name, kind, row, cells[row]))
    return _BUILDERS[kind](name, values)


def _mixed(name: str, cells: Sequence[Any], first: Mapping[str, int]) -> str:
    shown = " and ".join(
        f"{kind} ({describe(cells[row], 30)} in row {row})" for kind, row in list(first.items())[:2]
    )
    return (
        f"Column {name!r} mixes values of several types: {shown}. "
        "Make all of its cells text or all of them numbers, and leave missing ones empty (None)."
    )


_REMEDIES = {
    "complex numbers": "Give their real and imaginary parts, or their absolute values and angles, "
    "as columns of their own.",
    "mappings": "Make each of their keys a column of its own.",
    "sets": "Make a column of 0 and 1 for each value that occurs in them.",
}


def _refused(name: str, kind: str, row: int, cell: object) -> str:
    remedy = _REMEDIES.get(kind, "Give numbers, or text such as str() makes.")
    return f"Column {name!r} holds {kind} ({describe(cell, 30)} in row {row}). {remedy}"


def _texts(name: str, cells: Sequence[str | None]) -> pl.Series:
    try:
        return pl.Series(name, cells, dtype=pl.String)
    except UnicodeEncodeError as error:
        row = next(row for row, cell in enumerate(cells) if cell and not is_unicode(cell))
        raise DataError(
            f"Column {name!r} holds text with half a character ({describe(cells[row], 30)} in row "
            f"{row}), as is left where text is cut or decoded wrongly. Mend it with "
            ".encode('utf-8', 'replace').decode()."
        ) from error


def _numbers(name: str, values: list[Any]) -> pl.Series:
    """Whole numbers as such; floats where fractions stand beside them."""
    if _are_whole([value for value in values if value is not None]):
        return _counts(name, [None if value is None else int(value) for value in values])
    return pl.Series(name, _floats(name, values), dtype=pl.Float64)


def _are_whole(values: Sequence[Any]) -> bool:
    """Whether all are Python's integers, or whole and some so large that a float changes them."""
    if all(type(value) is int for value in values):
        return True
    large = any(type(value) is int and abs(value) > EXACT for value in values)
    return large and all(type(value) is int or value.is_integer() for value in values)


def _counts(name: str, values: Sequence[int | None]) -> pl.Series:
    """Whole numbers in the narrowest type that holds them; as text where none does."""
    for dtype, end in _WHOLE.items():
        if all(value is None or -end <= value < end for value in values):
            return pl.Series(name, values, dtype=dtype)
    _floats(name, values)
    texts = [None if value is None else str(value) for value in values]
    return pl.Series(name, texts, dtype=pl.String)


def _floats(name: str, values: Sequence[Any]) -> list[float | None]:
    try:
        return [None if value is None else float(value) for value in values]
    except OverflowError as error:
        sentence = (
            f"Column {name!r} holds whole numbers beyond the largest float, 1.8e308. "
            "Give their logarithms, or text if they are names."
        )
        raise DataError(sentence) from error


def _times(name: str, values: list[Any]) -> pl.Series:
    """Dates, or dates with a time where any cell has one."""
    present = [value for value in values if value is not None]
    if not any(isinstance(value, dt.datetime) for value in present):
        return pl.Series(name, values, dtype=pl.Date)
    moments = [
        dt.datetime.combine(value, dt.time()) if type(value) is dt.date else value
        for value in values
    ]
    if len({moment.tzinfo is None for moment in moments if moment is not None}) > 1:
        sentence = (
            f"Column {name!r} mixes times with and without a time zone. Give all of them one."
        )
        raise DataError(sentence)
    return pl.Series(name, moments)


_BUILDERS: Mapping[str, Callable[[str, list[Any]], pl.Series]] = {
    NUMBERS: _numbers,
    TIMES: _times,
    ARRAYS: array_cells,
    TEXT: _texts,
    BYTES: lambda name, values: pl.Series(name, values, dtype=pl.Binary),
    DURATIONS: lambda name, values: pl.Series(name, values, dtype=pl.Duration("us")),
    "true and false": lambda name, values: pl.Series(name, values, dtype=pl.Boolean),
    "times of day": lambda name, values: pl.Series(name, values, dtype=pl.Time),
}
