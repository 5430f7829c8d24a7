"""Lists that are written in cells of text, as JSON or as Python shows them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from polytask._validation import describe
from polytask.data.cells import NESTED, family
from polytask.data.names import gathered
from polytask.data.readers._nested import readable
from polytask.data.readers._object_cells import object_cells
from polytask.exceptions import DataError

__all__ = ["with_written_lists", "written_lists"]

_ROLES = {None, "tokens", "sequence", "tensor"}
_WITHOUT_COMMA = re.compile(r"""['"]\s+['"]""")
"""Texts side by side, as numpy shows them, which Python would join to one."""


def with_written_lists(
    table: pl.DataFrame, roles: Mapping[str, str], kept: Collection[str] = ()
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The table, whose columns of text that hold lists alone are lists, and notes on them.

    Parameters
    ----------
    table : polars.DataFrame
    roles : mapping of column to role
        Declared ones: other roles than tokens, sequence and tensor stay text.
    kept : collection of str
        Columns that stay text.
    """
    lists, notes = [], []
    for series in table.iter_columns():
        role = roles.get(series.name)
        read = None
        if series.dtype == pl.String and series.name not in kept and role in _ROLES:
            read = written_lists(series)
        if read is None:
            continue
        lists.append(read)
        if role is None:
            shown = describe(series.drop_nulls()[0], 30)
            text = (
                f"text such as {shown} is read as lists; --column NAME:categorical keeps it as text"
            )
            notes.append((series.name, text))
    return (table.with_columns(lists) if lists else table), gathered(notes)


def written_lists(series: pl.Series) -> pl.Series | None:
    """The lists of a column of text, or None unless all of its cells are lists of one type.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.readers._written_lists import written_lists
    >>> written_lists(pl.Series("words", ["['a', 'b']", "[]", None])).to_list()
    [['a', 'b'], [], None]
    >>> written_lists(pl.Series("words", ["[1, 2]", "a list"]))
    """
    cells = series.cast(pl.String).str.strip_chars()
    cells = cells.set(cells == "", None)
    bracketed = cells.str.starts_with("[") & cells.str.ends_with("]")
    if not bracketed.any() or not bracketed.all():
        return None
    try:
        values = [None if cell is None else _parsed(cell) for cell in cells]
        lists = readable(object_cells(series.name, values))
    except (DataError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    observed = lists.null_count() < len(lists)
    return lists if observed and family(lists) in {*NESTED, "numbers"} else None


def _parsed(cell: str) -> list[Any]:
    """The list that a cell holds.

    Raises
    ------
    ValueError, SyntaxError, RecursionError, MemoryError
        If it is none.
    """
    try:
        value = json.loads(cell)
    except ValueError:
        if _WITHOUT_COMMA.search(cell):
            raise
        value = ast.literal_eval(cell)
    if not isinstance(value, list):
        raise ValueError(cell)
    return value
