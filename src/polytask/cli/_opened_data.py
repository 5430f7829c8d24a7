"""Tables of a command: a single one, or several by source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from polytask._listing import first_names
from polytask.cli._settings import DataSettings
from polytask.cli._source_paths import data_paths
from polytask.cli._text_format import text_format
from polytask.data import SourceColumns, Table, open_sources, open_table

__all__ = ["OpenedData", "open_data"]

_MOST_COLUMNS = 12


@dataclass(frozen=True)
class OpenedData:
    """One table, or several by source name, before the tasks are known.

    Parameters
    ----------
    paths : mapping of source name to Path
        The file of each source; of a lone table under an empty name.
    tables : mapping of source name to Table
        Likewise.
    declared : tuple of str
        Columns whose role is to be left out.
    """

    paths: Mapping[str, Path]
    tables: Mapping[str, Table]
    declared: tuple[str, ...]

    @property
    def several(self) -> bool:
        """Whether the tables have source names, also for a single table."""
        return "" not in self.tables

    @cached_property
    def columns(self) -> Sequence[str]:
        """Names of columns as options give them."""
        by_source = {name: table.frame.columns for name, table in self.tables.items()}
        return SourceColumns(by_source) if self.several else by_source[""]

    def own_names(self, names: Iterable[str]) -> list[str]:
        """Names of columns, without the sources that were picked."""
        columns = self.columns
        if not isinstance(columns, SourceColumns):
            return list(names)
        return [column for name in names for _, column in columns.resolve(name)]

    def arguments(self) -> dict[str, Any]:
        """The data as an argument of `polytask.read`."""
        return {"sources": dict(self.tables)} if self.several else {"data": self.tables[""]}

    def describe_columns(self) -> str:
        """Sentence that lists the columns."""
        return "; ".join(
            f"{name or self.paths[name]} has the columns "
            f"{first_names(table.frame.columns, _MOST_COLUMNS)}"
            for name, table in self.tables.items()
        )


def open_data(settings: DataSettings) -> OpenedData:
    """Read the cells of the table or tables."""
    paths = data_paths(settings.table, settings.source, "learn from")
    if settings.source:
        tables = open_sources(paths, **text_format(settings.reading(), paths))
    else:
        tables = {"": open_table(paths[""], **text_format(settings.reading(), ()))}
    opened, declared = {}, []
    for name, table in tables.items():
        opened[name], left_out = table.without_drops()
        declared += [f"{name}/{column}" if name else column for column in left_out]
    return OpenedData(paths, opened, tuple(declared))
