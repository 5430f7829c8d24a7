"""Declared roles of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from polytask._naming import suggestion
from polytask._validation import describe, message
from polytask.data.cells._families import NESTED, family
from polytask.data.cells._image_form import ImageForm
from polytask.data.cells._text_dates import declared_dates
from polytask.data.cells._text_numbers import declared_numbers
from polytask.data.cells._text_reading import TextReading, read_by
from polytask.data.names._require_columns import require_columns
from polytask.data.names._source_columns import matching
from polytask.exceptions import DataError, ParameterError

__all__ = [
    "COLUMN_ROLES",
    "MOST_BUCKETS",
    "MOST_STEPS",
    "TYPED_ROLES",
    "declared_roles",
    "plainly_written",
    "roles_by_column",
    "with_role",
]

COLUMN_ROLES = (
    "numeric",
    "categorical",
    "identifier",
    "date",
    "text",
    "characters",
    "tokens",
    "sequence",
    "tensor",
    "smiles",
    "image",
    "drop",
)
"""Roles that a column may be declared to have.

A date may have a form, ``date=%d/%m/%Y``, an identifier a number of buckets, ``identifier=4096``,
text, characters, tokens and sequences a number of steps to read, ``text=512``, and an image a size and more,
``image=32x48,gray,missing``.
"""
MOST_BUCKETS = 1 << 20
"""Buckets of any identifier, so that no saved schema requires a larger embedding."""
MOST_STEPS = 4096
"""Steps that are read of any text or list, so that no saved schema requires more memory."""
WORD_ROLES = ("text", "characters", "tokens")
"""Roles of columns whose steps are words, characters or tokens."""
STEP_ROLES = (*WORD_ROLES, "sequence")
"""Roles of columns whose cells have several steps."""
TYPED_ROLES = (*STEP_ROLES, "tensor", "smiles", "image")
"""Roles whose cells must be of a type, and stay as they are."""
_FORMED = ("date", "identifier", "image", *STEP_ROLES)
"""Roles that may have a form."""
_NO_SCALARS = (None, "bytes", *NESTED)
"""Families whose cells are neither numbers, text, truth values nor dates."""


class DeclaredRoles(NamedTuple):
    """What columns were declared to be.

    Attributes
    ----------
    roles : dict of column to role
    dates : dict of column to str
        How declared dates are written.
    buckets : dict of column to int
        Declared numbers of buckets of identifiers.
    lengths : dict of column to int
        Declared numbers of steps of texts, tokens and sequences.
    images : dict of column to str
        Declared forms of images, as `ImageForm` writes them.
    """

    roles: dict[str, str]
    dates: dict[str, str]
    buckets: dict[str, int]
    lengths: dict[str, int]
    images: dict[str, str]


def declared_roles(given: object, names: Sequence[str]) -> DeclaredRoles:
    """Roles by column, and what is declared of their dates, buckets, steps and images.

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
        If a role is unknown, or an identifier has no such number of buckets, or a text of steps, or
        an image no such form.
    DataError
        If a column is not in the table.

    Examples
    --------
    >>> from polytask.data.cells._roles import declared_roles
    >>> declared_roles({"x*": "drop", "x1": "date=%d/%m/%Y"}, ["x1", "x2"])
    DeclaredRoles(roles={'x1': 'date', 'x2': 'drop'}, dates={'x1': '%d/%m/%Y'}, buckets={}, lengths={}, images={})
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
    forms = {name: parted[name][1] for name in roles if parted[name][1]}
    return DeclaredRoles(
        roles,
        {name: form for name, form in forms.items() if roles[name] == "date"},
        {name: int(form) for name, form in forms.items() if roles[name] == "identifier"},
        {name: int(form) for name, form in forms.items() if roles[name] in STEP_ROLES},
        {name: form for name, form in forms.items() if roles[name] == "image"},
    )


def roles_by_column(columns: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The role of each declared column by its own name, in the words of `columns`.

    Examples
    --------
    >>> from polytask.data.cells import roles_by_column
    >>> roles_by_column({"x*": "drop", "day": "date=%d/%m/%Y"}, ["x1", "x2", "day", "y"])
    {'x1': 'drop', 'x2': 'drop', 'day': 'date=%d/%m/%Y'}
    """
    roles, dates, buckets, lengths, images = declared_roles(columns, names)
    forms = {**dates, **buckets, **lengths, **images}
    return roles | {name: f"{roles[name]}={form}" for name, form in forms.items()}


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
    """A role, and the form of its dates, or the number of its buckets or steps."""
    word, _, form = str(role).partition("=")
    word, form = word.strip().casefold(), form.strip()
    if word not in COLUMN_ROLES or (form and word not in _FORMED):
        sentence = (
            f"Column {name!r} cannot be declared to be {describe(role)}. "
            f"{suggestion(word, COLUMN_ROLES)} A date may say how it is written: date=%d/%m/%Y."
        )
        raise ParameterError(sentence)
    if word == "image":
        return word, _image_form(name, role, form)
    if form and word != "date":
        _check_count(name, role, word, form)
    return word, form


def _image_form(name: str, role: object, form: str) -> str:
    try:
        return str(ImageForm.of(form))
    except ValueError as error:
        sentence = f"Column {name!r} cannot be declared to be {describe(role)}. {error}"
        raise ParameterError(sentence) from None


def _check_count(name: str, role: object, word: str, form: str) -> None:
    """Raise unless a form is a number of buckets of an identifier, or of steps of other roles."""
    buckets = word == "identifier"
    most = MOST_BUCKETS if buckets else MOST_STEPS
    if not (form.isascii() and form.isdigit() and len(form) <= 9 and 1 <= int(form) <= most):
        counted = "The buckets of an identifier" if buckets else f"The steps of role {word}"
        sentence = (
            f"Column {name!r} cannot be declared to be {describe(role)}. {counted} must be a whole "
            f"number from 1 to {most:,}, as in {word}={4096 if buckets else 512}."
        )
        raise ParameterError(sentence)


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
    if role in TYPED_ROLES:
        return _lists(series, holds, role)
    if role == "numeric":
        return _numeric(series, holds, decimal)
    return _dates(series, holds, form)


def _categories(series: pl.Series, holds: str | None, role: str) -> pl.Series:
    """Dates as text, and floats that all are whole as whole numbers; others as they are."""
    if holds in _NO_SCALARS:
        raise _unfit(series, "an identifier" if role == "identifier" else role)
    if holds == "dates":
        return series.cast(pl.String)
    if holds == "numbers" and not series.dtype.is_integer():
        values = series.cast(pl.Float64)
        whole = values.cast(pl.Int64, strict=False)
        return whole if whole.equals(values) else values
    return series


def _lists(series: pl.Series, holds: str | None, role: str) -> pl.Series:
    """Text, or lists; tensors of one or two axes as lists of numbers or of arrays."""
    if role == "sequence" and holds == "tensors" and len(series.dtype.shape) <= 2:  # type: ignore[attr-defined]
        return series.arr.to_list()
    suitable = {
        "text": {"text"},
        "characters": {"text"},
        "smiles": {"text"},
        "tokens": {"text", "token lists", "empty lists"},
        "sequence": {"number lists", "empty lists"},
        "tensor": {"tensors"},
        "image": {"text", "bytes", "tensors"},
    }
    if holds not in suitable[role]:
        named = {"sequence": "a sequence", "tensor": "a tensor", "image": "an image"}
        raise _unfit(series, named.get(role, role), _REMEDIES.get(role, ""))
    return series


def _numeric(series: pl.Series, holds: str | None, decimal: str) -> pl.Series:
    if holds == "text":
        return _read(series, declared_numbers(series.cast(pl.String), decimal))
    if holds == "booleans":
        return series.cast(pl.Int8)
    if holds in _NO_SCALARS:
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


_REMEDIES = {
    "sequence": "Give lists of numbers, which text files hold as [1, 2, 3].",
    "tensor": "Give arrays of one shape, which text files hold as [1, 2, 3] or [[1, 2], [3, 4]].",
    "tokens": 'Give lists of text, which text files hold as ["a", "b"], or text that is split at blanks.',
    "image": "Give paths of image files, the bytes of such files, or arrays of two or three axes.",
}


def _unfit(series: pl.Series, role: str, remedy: str = "") -> DataError:
    sentence = (
        f"Column {series.name!r} was declared to be {role}, but holds values of the type "
        f"{series.dtype}. {remedy}"
    )
    return DataError(sentence.rstrip())
