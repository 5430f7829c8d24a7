"""A table that is ready to be learned from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from polytask._validation import describe
from polytask.data.cells import (
    CellRules,
    Reading,
    declared_roles,
    family,
    marker_notes,
    markers_by_column,
    typed,
    with_role,
    without_markers,
)
from polytask.data.names import column_names
from polytask.data.readers._declared import categories_of
from polytask.data.readers._foreign import foreign
from polytask.data.readers._frame_columns import no_patterns
from polytask.data.readers._frames import table_and_notes
from polytask.data.readers._mixed_cells import as_text, unmixed
from polytask.data.readers._nested import fault
from polytask.data.readers._whole_decimals import whole_decimals
from polytask.data.readers._written_lists import with_written_lists
from polytask.exceptions import DataError, ParameterError

__all__ = ["NO_ROLES", "Table", "joined", "open_frame", "prepared", "untyped"]

NO_ROLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Table:
    """A table that is ready to be learned from.

    Parameters
    ----------
    frame : polars.DataFrame
        Typed columns, missing cells null.
    reading : Reading
        How its cells were read, and what its columns were declared to be.
    notes : tuple of str
        Notes on decisions made in reading.
    targets : tuple of str
        Columns that are targets, where the data itself says so.
    """

    frame: pl.DataFrame
    reading: Reading = field(default_factory=Reading)
    notes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def declaring(self, categories: Iterable[str]) -> Table:
        """The table, whose reading says too that these columns are categories."""
        roles = {**self.reading.roles, **dict.fromkeys(categories, "categorical")}
        return replace(self, reading=replace(self.reading, roles=roles))

    def without_drops(self) -> tuple[Table, list[str]]:
        """The table as if no column were declared to be left out, and those that are."""
        roles = {name: role for name, role in self.reading.roles.items() if role != "drop"}
        return replace(self, reading=replace(self.reading, roles=roles)), self.dropped(())

    def dropped(self, drop: str | Iterable[str]) -> list[str]:
        """Columns that are no inputs: those in `drop` and those declared so."""
        declared = [name for name, role in self.reading.roles.items() if role == "drop"]
        return list(dict.fromkeys([*column_names("drop", drop), *declared]))


def open_frame(frame: Any, *, columns: Mapping[str, str] = NO_ROLES, missing: Any = ()) -> Table:
    """A frame as a table: roles settled, missing cells null, dates in text read.

    Parameters
    ----------
    frame : Table, or anything that `to_polars` takes
    columns : mapping of column or pattern to role
    missing : str, number, sequence of these, or mapping of column to such

    Raises
    ------
    ParameterError
        If a table that was opened already is to be read in another way.
    """
    given = untyped(frame, columns)
    if isinstance(given, Table):
        _check_unsaid(columns, missing)
        return given
    table = prepared(
        given.frame,
        categories=given.categories,
        columns={**given.roles, **columns} if isinstance(columns, Mapping) else columns,
        missing=missing,
        notes=given.notes,
    )
    return replace(table, targets=given.targets)


class Untyped(NamedTuple):
    """A frame as a polars one, whose cells are still as they came.

    Attributes
    ----------
    frame : polars.DataFrame
    categories : tuple of str
        Columns that the given frame declares to be categories.
    notes : tuple of str
    roles : mapping of column to role
        What the data itself says that columns are.
    targets : tuple of str
        Columns that are targets, where the data itself says so.
    """

    frame: pl.DataFrame
    categories: tuple[str, ...]
    notes: tuple[str, ...]
    roles: Mapping[str, str] = NO_ROLES
    targets: tuple[str, ...] = ()


def untyped(
    frame: Any, whole: Collection[str] = (), names: Sequence[str] | None = None
) -> Table | Untyped:
    """A frame as a polars one; what is opened already, as it is.

    Of arrays (d,) in the items of a data set those in `whole` stay one column; `names` are those of
    the values of an item.
    """
    if isinstance(frame, Table | Untyped):
        return frame
    opened = foreign(frame, whole, names)
    if opened is not None:
        frame = opened.frame.collect()
    table, notes = table_and_notes(frame)
    stored = categories_of(frame, table.columns)
    categories = tuple(name for name in stored if family(table[name]) is not None)
    if opened is None:
        return Untyped(table, categories, notes)
    return Untyped(table, categories, (*opened.notes, *notes), opened.roles, opened.targets)


def _check_unsaid(columns: object, missing: object) -> None:
    """Raise if something is said of columns that have been read already."""
    arguments = {"columns": columns, "missing": missing}
    for name, value in arguments.items():
        if not (isinstance(value, Sized) and len(value) == 0):
            raise ParameterError(
                f"The table was opened before, so that `{name}` comes too late. "
                f"Give it to open_table. Got {describe(value)}."
            )


def prepared(
    table: pl.DataFrame,
    *,
    categories: Collection[str] = (),
    columns: Mapping[str, str] = NO_ROLES,
    missing: Any = (),
    notes: tuple[str, ...] = (),
    folder: str = "",
) -> Table:
    """A polars frame as a table; columns in `categories` are such unless declared otherwise.

    Paths of images begin in `folder`.
    """
    no_patterns(table.columns)
    roles, dates, buckets, lengths, images = declared_roles(columns, table.columns)
    roles = dict.fromkeys(categories, "categorical") | roles
    markers = markers_by_column(missing, table.columns)
    marked = marker_notes(as_text(table).lazy(), markers)
    table, mixed, mixed_notes = unmixed(whole_decimals(table), markers)
    clean = without_markers(table.lazy(), markers).collect() if markers else table
    explained = {name for name in markers if clean[name].null_count() > table[name].null_count()}
    text = typed(
        clean.select(pl.col(pl.String)).lazy(),
        CellRules({}, roles=roles, dates=dates, stored=True, explained=explained),
    )
    clean, list_notes = with_written_lists(clean.with_columns(text.frame.collect()), roles)
    clean = clean.with_columns(
        with_role(_held(clean[name], role), role, dates.get(name)) for name, role in roles.items()
    )
    return Table(
        clean,
        Reading(
            roles,
            joined(markers, {**text.markers, **mixed}),
            {**text.dates, **dates},
            buckets=buckets,
            lengths=lengths,
            images=images,
            folder=folder,
        ),
        notes + marked + mixed_notes + text.notes + list_notes,
    )


def _held(series: pl.Series, role: str) -> pl.Series:
    """The column, of which it is said why its cells are of no one type, unless it is left out."""
    if series.dtype == pl.Object and role != "drop" and (why := fault(series)):
        raise DataError(f"{why} Or leave the column out (drop={series.name!r}).")
    return series


def joined(
    first: Mapping[str, tuple[str, ...]], second: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Markers of both, by column."""
    names = dict.fromkeys([*first, *second])
    return {name: (*first.get(name, ()), *second.get(name, ())) for name in names}
