"""Checks that named columns exist, with suggestions of the nearest names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from polytask._listing import first_names
from polytask._naming import nearest, suggestion
from polytask.data.names._source_columns import SourceColumns
from polytask.exceptions import DataError

__all__ = ["NO_HEADER_DOUBT", "absent_from_sources", "require_columns"]

_MOST_NAMES = 12
NO_HEADER_DOUBT = (
    "The first line looks like data; does the file lack a header? Then add --no-header, or "
    "--names with the names of its columns (no_header=, names= in Python)."
)


def require_columns(known: Sequence[str], wanted: Iterable[str], what: str) -> None:
    """Raise if columns are missing, with the nearest name if a single one is missing.

    Parameters
    ----------
    known : sequence of str
        Columns of the table, or of several sources.
    wanted : iterable of str
    what : str
        The use of the columns, such as ``"The target"``.

    Examples
    --------
    >>> from polytask.data.names import SourceColumns, require_columns
    >>> columns = SourceColumns({"red": ["acid", "quality"], "white": ["quality"]})
    >>> require_columns(columns, ["white/acid"], "The target")
    Traceback (most recent call last):
        ...
    polytask.exceptions.DataError: The target 'white/acid' is not a column of source white. Did you mean 'red/acid'?
    """
    absent = [name for name in wanted if name not in known]
    if not absent:
        return
    tables = known.by_source if isinstance(known, SourceColumns) else {"": known}
    for source, columns in tables.items():
        own = {name.removeprefix(f"{source}/") for name in absent}
        if len(columns) == 1 and not own.isdisjoint(_pieces(*columns)):
            raise DataError(f"{what} {_wrong_separator(absent[0], source, *columns)}")
    if isinstance(known, SourceColumns):
        raise DataError(f"{what} {absent_from_sources(absent[0], known)}")
    if len(absent) == 1:
        sentence = f"{absent[0]!r} is not a column of the table. {suggestion(absent[0], known)}"
    else:
        shown = first_names(map(repr, absent), _MOST_NAMES)
        sentence = f"{shown} are not columns of the table. Check its header."
    raise DataError(f"{what} {sentence}{_header_doubt(known)}")


def _pieces(header: str) -> set[str]:
    """The names in a header that was read as one cell, at any mark that separates cells."""
    return {piece.strip("\"' ") for piece in re.split(r"[,;|\s]", header)}


def _wrong_separator(name: str, source: str, header: str) -> str:
    where = f"source {source}" if source else "the table"
    return (
        f"{name!r} is not a column of {where}, whose only column is called {header!r}: its cells "
        "were separated by the wrong mark. Leave --separator out, or name the right one "
        "(separator= in Python)."
    )


def _header_doubt(names: Sequence[str]) -> str:
    """A remark on a missing header if most names are numbers other than a count of columns."""
    counted = [[str(position + first) for position in range(len(names))] for first in (0, 1)]
    if 2 * sum(map(_is_number, names)) <= len(names) or list(names) in counted:
        return ""
    return f" {NO_HEADER_DOUBT}"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def absent_from_sources(name: str, columns: SourceColumns) -> str:
    """A sentence about a name that no source has, with the nearest one that exists."""
    source, slash, column = name.partition("/")
    if not slash or source not in columns.by_source:
        likely, others = (columns, columns.plain) if slash else (columns.plain, columns)
        guess = nearest(name, likely) or nearest(name, others)
        where = "is not a column of any source"
    else:
        own = [f"{source}/{known}" for known in columns.by_source[source]]
        elsewhere = [f"{other}/{known}" for other, known in columns.resolve(column)]
        guess = elsewhere[0] if elsewhere else nearest(name, own)
        where = f"is not a column of source {source}"
    if guess is None:
        shown = "; ".join(
            f"{owner} ({_first(names)})" for owner, names in columns.by_source.items()
        )
        return f"{name!r} {where}. The sources are {shown}."
    if columns.is_pick(guess):
        return f"{name!r} {where}. Did you mean {guess!r}?"
    sources = ", ".join(owner for owner, _ in columns.resolve(guess))
    return f"{name!r} {where}. Did you mean {guess!r} (in {sources})?"


def _first(names: Iterable[str]) -> str:
    listed = list(names)
    return first_names(listed, _MOST_NAMES)
