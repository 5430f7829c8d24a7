"""Declared roles of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from polytask._naming import suggestion
from polytask._validation import describe, message
from polytask.data.cells._families import family
from polytask.data.cells._text_dates import declared_dates
from polytask.data.cells._text_numbers import declared_numbers
from polytask.data.cells._text_reading import TextReading, read_by
from polytask.data.names._require_columns import require_columns
from polytask.data.names._source_columns import matching
from polytask.exceptions import DataError, ParameterError

__all__ = ["COLUMN_ROLES", "declared_roles", "plainly_written", "roles_by_column", "with_role"]

COLUMN_ROLES = ("numeric", "categorical", "identifier", "date", "drop")
"""Roles that a column may be declared to have; a date may have a form: ``date=%d/%m/%Y``."""


def declared_roles(given: object, names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Roles by column, and how declared dates are written.

    A column's own name wins over patterns, and a later pattern over an earlier one; names and
    patterns may be listed with commas.

    Parameters
    ----------
    given : mapping of column or pattern to role
    names : sequence of str
        Columns of the table, or of several sources.

    Raises
    ------
    ParameterError
        If a role is unknown.
    DataError
        If a column is not in the table.

    Examples
    --------
    >>> from polytask.data.cells._roles import declared_roles
    >>> declared_roles({"x*": "drop", "x1": "date=%d/%m/%Y"}, ["x1", "x2"])
    ({'x1': 'date', 'x2': 'drop'}, {'x1': '%d/%m/%Y'})
    """
    if not isinstance(given, Mapping):
        expected = f"a mapping of column to role ({', '.join(COLUMN_ROLES)})"
        raise ParameterError(message("the data set", "columns", expected, given))
    exact = {name: role for name, role in given.items() if name in names}
    by_pattern: dict[str, object] = {}
    for pattern, role in given.items():
        if pattern not in exact:
            by_pattern |= dict.fromkeys(_matching(str(pattern), names), role)
    parted = {name: _parted(name, role) for name, role in (by_pattern | exact).items()}
    roles = {name: parted[name][0] for name in names if name in parted}
    return roles, {name: parted[name][1] for name in roles if parted[name][1]}


def roles_by_column(columns: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The role of each declared column by its own name, in the words of `columns`.

    Examples
    --------
    >>> from polytask.data.cells import roles_by_column
    >>> roles_by_column({"x*": "drop", "day": "date=%d/%m/%Y"}, ["x1", "x2", "day", "y"])
    {'x1': 'drop', 'x2': 'drop', 'day': 'date=%d/%m/%Y'}
    """
    roles, dates = declared_roles(columns, names)
    return roles | {name: f"{roles[name]}={form}" for name, form in dates.items()}


def _matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Columns of a pattern, or of several names and patterns with commas."""
    matched_names = []
    for part in [pattern] if matching(pattern, names) else pattern.split(","):
        name = part.strip()
        matched = [name] if name in names else matching(name, names)
        if not matched:
            require_columns(names, [name], "The declared column")
        matched_names += matched
    return matched_names


def _parted(name: str, role: object) -> tuple[str, str]:
    """A role, and the form of its dates."""
    word, _, form = str(role).partition("=")
    word = word.strip().casefold()
    if word not in COLUMN_ROLES or (form and word != "date"):
        sentence = (
            f"Column {name!r} cannot be declared to be {describe(role)}. "
            f"{suggestion(word, COLUMN_ROLES)} A date may say how it is written: date=%d/%m/%Y."
        )
        raise ParameterError(sentence)
    return word, form.strip()


def with_role(
    series: pl.Series, role: str, form: str | None = None, decimal: str = "."
) -> pl.Series:
    """A column in a type that suits its role.

    Raises
    ------
    DataError
        If its values cannot be that.
    """
    holds = family(series)
    if series.null_count() == len(series) or role == "drop":
        return series
    if role in {"categorical", "identifier"}:
        return _categories(series, holds, role)
    if role == "numeric":
        return _numeric(series, holds, decimal)
    return _dates(series, holds, form)


def _categories(series: pl.Series, holds: str | None, role: str) -> pl.Series:
    """Dates as text, and floats that all are whole as whole numbers; others as they are."""
    if holds in {None, "tensors"}:
        raise _unfit(series, "an identifier" if role == "identifier" else role)
    if holds == "dates":
        return series.cast(pl.String)
    if holds == "numbers" and not series.dtype.is_integer():
        values = series.cast(pl.Float64)
        whole = values.cast(pl.Int64, strict=False)
        return whole if whole.equals(values) else values
    return series


def _numeric(series: pl.Series, holds: str | None, decimal: str) -> pl.Series:
    if holds == "text":
        return _read(series, declared_numbers(series.cast(pl.String), decimal))
    if holds == "booleans":
        return series.cast(pl.Int8)
    if holds == "tensors" or holds is None:
        raise _unfit(series, "numeric")
    return series


def _dates(series: pl.Series, holds: str | None, form: str | None) -> pl.Series:
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return series
    if holds == "numbers":
        series = plainly_written(series)
    elif holds != "text":
        raise _unfit(series, "a date")
    return _read(series, declared_dates(series.cast(pl.String), form))


def plainly_written(numbers: pl.Series) -> pl.Series:
    """Numbers as text without exponents; whole ones without a decimal point."""
    whole = numbers.cast(pl.Int64, strict=False)
    if (whole == numbers).all():
        return whole.cast(pl.String)
    return numbers.fill_nan(None).cast(pl.Decimal(38, 6), strict=False).cast(pl.String)


def _read(series: pl.Series, reading: TextReading) -> pl.Series:
    if reading.read is None:
        return series
    return read_by(series.cast(pl.String), reading.read)


def _unfit(series: pl.Series, role: str) -> DataError:
    return DataError(
        f"Column {series.name!r} was declared to be {role}, but holds values of the type "
        f"{series.dtype}."
    )
