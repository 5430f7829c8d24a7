"""Columns of several sources, by the names that a user gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar, overload

__all__ = ["SourceColumns", "matching"]

Value = TypeVar("Value")


class SourceColumns(Sequence[str]):
    """The names of all columns, alone and as ``SOURCE/COLUMN``.

    A name alone means the columns of that name in all sources. A column whose own name holds a
    slash takes precedence over ``SOURCE/COLUMN``.

    Parameters
    ----------
    by_source : mapping of source name to sequence of str
        The columns of each source.

    Examples
    --------
    >>> from polytask.data.names import SourceColumns
    >>> columns = SourceColumns({"red": ["acid", "quality"], "white": ["quality"]})
    >>> list(columns)
    ['acid', 'quality', 'red/acid', 'red/quality', 'white/quality']
    >>> columns.resolve("quality"), columns.resolve("red/quality")
    ((('red', 'quality'), ('white', 'quality')), (('red', 'quality'),))
    """

    def __init__(self, by_source: Mapping[str, Sequence[str]]) -> None:
        self.by_source = {source: dict.fromkeys(names) for source, names in by_source.items()}
        self.plain = dict.fromkeys(name for names in by_source.values() for name in names)
        self._meant: dict[str, list[tuple[str, str]]] = {name: [] for name in self.plain}
        for source, names in self.by_source.items():
            for name in names:
                self._meant[name].append((source, name))
        for source, names in self.by_source.items():
            for name in names:
                pick = f"{source}/{name}"
                if pick not in self.plain:
                    self._meant.setdefault(pick, []).append((source, name))
        self._listed = tuple(self._meant)

    def __contains__(self, name: object) -> bool:
        return name in self._meant

    def __len__(self) -> int:
        return len(self._listed)

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[str, ...]: ...
    def __getitem__(self, position: int | slice) -> str | tuple[str, ...]:
        return self._listed[position]

    def resolve(self, name: str) -> tuple[tuple[str, str], ...]:
        """The columns that a name means, each with its source; empty if it is unknown."""
        return tuple(self._meant.get(name, ()))

    def is_pick(self, name: str) -> bool:
        """Whether a name means the column of one source."""
        return name not in self.plain

    def of(self, source: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """The values given for one source's columns, by their own names.

        A value for ``SOURCE/COLUMN`` takes precedence over one for the name alone.

        Parameters
        ----------
        source : str
        values : mapping of name, alone or picked, to value
        """
        given: dict[str, Value] = {}
        for column in self.by_source[source]:
            pick = f"{source}/{column}"
            if pick in values and self.is_pick(pick):
                given[column] = values[pick]
            elif column in values:
                given[column] = values[column]
        return given


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Names that a pattern matches, case-sensitively.

    Only patterns with a slash match columns of single sources.

    Examples
    --------
    >>> from polytask.data.names import SourceColumns, matching
    >>> columns = SourceColumns({"red": ["x1", "x2"], "white": ["x1"]})
    >>> matching("*1", columns), matching("*/x1", columns)
    (['x1'], ['red/x1', 'white/x1'])
    """
    candidates: Iterable[str] = names
    if isinstance(names, SourceColumns) and "/" not in pattern:
        candidates = names.plain
    return [name for name in candidates if fnmatchcase(name, pattern)]
