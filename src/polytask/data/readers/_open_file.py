"""Files as tables, by polars."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from polytask._reason import reason
from polytask.data.cells import (
    TYPED_ROLES,
    CellRules,
    Reading,
    declared_roles,
    marker_notes,
    markers_by_column,
    typed,
    with_role,
)
from polytask.data.readers._file_types import scanner
from polytask.data.readers._frame_columns import no_patterns
from polytask.data.readers._layout import Layout, find_layout
from polytask.data.readers._nested import path_notes, readable_table
from polytask.data.readers._separated import check_numbers, raw_cells
from polytask.data.readers._table import Table, joined, prepared
from polytask.data.readers._text_options import TextOptions
from polytask.data.readers._whole_rows import whole_rows
from polytask.data.readers._written_lists import with_written_lists
from polytask.exceptions import ParameterError, SourceFileError

__all__ = ["FileRules", "file_columns", "open_file"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class FileRules:
    """Rules by which a file is read.

    Parameters
    ----------
    options : TextOptions
        How text is written.
    columns : mapping of column or pattern to role
    missing : str, number, sequence of these, or mapping of column to such
    text : collection of str
        Columns that stay text whatever they hold.
    verbatim : collection of str
        Columns of text in which words such as NA are no missing cells.
    only : collection of str, optional
        The columns to read; all if one of them is not there, so that it can be said what is.
    every_row : bool
        Whether empty rows are kept, so that rows can be told by their positions.
    """

    options: TextOptions = field(default_factory=TextOptions)
    columns: Mapping[str, str] = field(default_factory=dict)
    missing: Any = ()
    text: Collection[str] = ()
    verbatim: Collection[str] = ()
    only: Collection[str] | None = None
    every_row: bool = False


def open_file(path: Path, rules: FileRules) -> Table:
    """Read a file into a table.

    Raises
    ------
    SourceFileError
        If the file is absent, empty, without rows, unreadable, or of an unknown type.
    DataError
        If two columns carry one name, or one cannot be what it was declared to be.
    """
    scan = scanner(path)
    if scan is None:
        layout = find_layout(path, rules.options)
        return _reading(path, lambda: _read_text(path, layout, rules))
    if rules.options != TextOptions():
        sentence = (
            f"{path} says itself what its columns are: `names`, `no_header`, `separator` and "
            "`decimal` are for text files."
        )
        raise ParameterError(sentence)
    scanned = _reading(path, lambda: scan(path, {*rules.columns, *rules.text}))
    chosen = _chosen(scanned.frame, rules.only)
    stored = _reading(path, chosen.collect)
    frame = readable_table(stored)
    _check_rows(path, frame)
    own = {name: role for name, role in scanned.roles.items() if name in frame.columns}
    return prepared(
        frame,
        categories=[n for n, d in frame.schema.items() if isinstance(d, pl.Categorical | pl.Enum)],
        columns={**own, **rules.columns},
        missing=rules.missing,
        notes=(*scanned.notes, *path_notes(stored)),
        folder=str(path.parent),
    )


def file_columns(path: Path, options: TextOptions, whole: Collection[str] = ()) -> tuple[str, ...]:
    """Names of a file's columns, those of empty ones without a name among them.

    Of named arrays (n, d) those in `whole` are one column.

    Raises
    ------
    SourceFileError
        If the file is absent, empty, unreadable, or of an unknown type.
    """
    scan = scanner(path)
    if scan is None:
        return find_layout(path, options).names
    return _reading(path, lambda: tuple(scan(path, whole).frame.collect_schema().names()))


def _read_text(path: Path, layout: Layout, rules: FileRules) -> Table:
    """Read by polars; row by row where polars fails, as on quotes within unquoted cells."""
    try:
        return _open_text(path, layout, rules)
    except pl.exceptions.PolarsError:
        if not layout.plain:
            raise
        return _open_text(path, replace(layout, plain=False, strict=True), rules)


def _open_text(path: Path, layout: Layout, rules: FileRules) -> Table:
    no_patterns(layout.names)
    raw, notes = whole_rows(_raw(path, layout, rules), layout, every_row=rules.every_row)
    names, decimal = raw.collect_schema().names(), rules.options.decimal
    markers = markers_by_column(rules.missing, names)
    roles, dates, buckets, lengths, images = declared_roles(rules.columns, names)
    kept = dict.fromkeys(rules.text, "text")
    cells = CellRules(markers, decimal, roles | kept, dates, verbatim=rules.verbatim)
    columns = typed(_chosen(raw, rules.only), cells)
    frame, list_notes = with_written_lists(columns.frame.collect(), roles, rules.text)
    _check_rows(path, frame)
    frame = frame.with_columns(
        with_role(frame[name], role)
        for name, role in roles.items()
        if role in TYPED_ROLES and name in frame.columns
    )
    check_numbers(path, frame, layout, decimal, [*rules.text, *roles])
    reading = Reading(
        roles,
        joined(markers, columns.markers),
        {**columns.dates, **dates},
        decimal,
        buckets,
        lengths,
        images,
        str(path.parent),
    )
    cell_notes = marker_notes(raw, markers, decimal) + columns.notes + list_notes
    return Table(frame, reading, layout.notes + notes + cell_notes)


def _raw(path: Path, layout: Layout, rules: FileRules) -> pl.LazyFrame:
    """All cells; where rows are told by position, without lines that are no rows."""
    raw = raw_cells(path, layout)
    if rules.every_row and layout.plain and len(layout.names) > 1:
        empty = raw.select(pl.all_horizontal(pl.all().is_null()).any()).collect().item()
        return raw_cells(path, replace(layout, plain=False)) if empty else raw
    return raw


def _chosen(frame: pl.LazyFrame, only: Collection[str] | None) -> pl.LazyFrame:
    if only is None or not set(only) <= set(frame.collect_schema().names()):
        return frame
    return frame.select(list(dict.fromkeys(only)))


def _check_rows(path: Path, frame: pl.DataFrame) -> None:
    if frame.height == 0:
        sentence = f"{path} holds a header ({', '.join(frame.columns[:5])}) but no rows."
        raise SourceFileError(sentence)


def _reading(path: Path, action: Callable[[], Result]) -> Result:
    """The action's value; errors that polars raises become one sentence."""
    try:
        return action()
    except (pl.exceptions.PolarsError, OSError) as error:
        if isinstance(error, SourceFileError):
            raise
        why = reason(error, named=False)
        remedy = " JSON knows no NaN and no Infinity: write null." if "TapeError" in why else ""
        raise SourceFileError(f"{path} cannot be read: {why}.{remedy}") from error
