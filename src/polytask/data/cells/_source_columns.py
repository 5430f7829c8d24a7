"""Names by which the columns of several sources are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar, overload

__all__ = ["SourceColumns", "matching"]

Value = TypeVar("Value")


class SourceColumns(Sequence[str]):
    """Every column's name, then ``SOURCE/COLUMN`` for the column of one source.

    A name alone means the columns of that name in all sources; a column whose own name holds a
    slash wins over the other reading.

    Parameters
    ----------
    by_source : mapping of source name to sequence of str
        The columns of each source.

    Examples
    --------
    >>> from polytask.data.cells import SourceColumns
    >>> columns = SourceColumns({"red": ["acid", "quality"], "white": ["quality"]})
    >>> list(columns)
    ['acid', 'quality', 'red/acid', 'red/quality', 'white/quality']
    >>> columns.places("quality"), columns.places("red/quality")
    ((('red', 'quality'), ('white', 'quality')), (('red', 'quality'),))
    """

    def __init__(self, by_source: Mapping[str, Sequence[str]]) -> None:
        self.by_source = {source: dict.fromkeys(names) for source, names in by_source.items()}
        self.plain = dict.fromkeys(name for names in by_source.values() for name in names)
        picks = (f"{source}/{name}" for source, names in by_source.items() for name in names)
        self._names = self.plain | dict.fromkeys(picks)
        self._listed = tuple(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._listed)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        return self._listed[place]

    def places(self, name: str) -> tuple[tuple[str, str], ...]:
        """The columns that a name means, each with its source; none where it is unknown."""
        if name in self.plain:
            return tuple((s, name) for s, names in self.by_source.items() if name in names)
        return tuple(self._picked(name))

    def _picked(self, name: str) -> Iterator[tuple[str, str]]:
        for source, names in self.by_source.items():
            column = name.removeprefix(f"{source}/")
            if column != name and column in names:
                yield source, column

    def is_pick(self, name: str) -> bool:
        """Whether a name means the column of one source."""
        return name not in self.plain

    def of(self, source: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """What is given of one source's columns, by their own names; a picked one wins.

        Parameters
        ----------
        source : str
        values : mapping of name, alone or picked, to value
        """
        given: dict[str, Value] = {}
        for name in sorted(values, key=self.is_pick):
            given |= {column: values[name] for s, column in self.places(name) if s == source}
        return {column: given[column] for column in self.by_source[source] if column in given}


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Names that a pattern matches, upper and lower case told apart.

    Columns of single sources are matched by patterns with a slash alone.

    Examples
    --------
    >>> from polytask.data.cells import SourceColumns, matching
    >>> columns = SourceColumns({"red": ["x1", "x2"], "white": ["x1"]})
    >>> matching("*1", columns), matching("*/x1", columns)
    (['x1'], ['red/x1', 'white/x1'])
    """
    candidates: Iterable[str] = names
    if isinstance(names, SourceColumns) and "/" not in pattern:
        candidates = names.plain
    return [name for name in candidates if fnmatchcase(name, pattern)]
