"""Files and frames of several sources as tables."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from polytask._validation import message
from polytask.data.cells import markers_by_column, roles_by_column
from polytask.data.names import SourceColumns, about_source
from polytask.data.readers._file_types import is_text
from polytask.data.readers._open_file import file_columns
from polytask.data.readers._open_table import open_table
from polytask.data.readers._table import NO_ROLES, Table, untyped
from polytask.data.readers._text_options import TextOptions, source_text_options
from polytask.exceptions import ParameterError

__all__ = ["open_sources"]

_RESERVED = "/,:=*?[]"
"""Marks that have a meaning beside names of sources."""


def open_sources(
    sources: Mapping[str, Any],
    *,
    columns: Mapping[str, str] = NO_ROLES,
    missing: Any = (),
    names: str | Iterable[str] | Mapping[str, Any] | None = None,
    no_header: bool = False,
    separator: str | Mapping[str, str] | None = None,
    decimal: str | Mapping[str, str] = ".",
    only: Sequence[str] | None = None,
) -> dict[str, Table]:
    """Several files or frames as tables, by the names of their sources.

    Parameters
    ----------
    sources : mapping of str to path, Table or frame
    columns, missing
        As in `read`, for every source that has such a column; ``SOURCE/COLUMN`` is about one.
    names, no_header, separator, decimal
        As in `read`, for the text files among the sources; all but `no_header` may be mappings of
        source name to value, in which None stands for the sources that are not named.
    only : sequence of str, optional
        The columns to read from files; all if one of them is in no source.

    Raises
    ------
    ParameterError
        If a source's name cannot be one, or it is said how something is written that is no text.
    DataError
        If a column is named that no source has.

    Examples
    --------
    >>> from polytask.data import open_sources
    >>> tables = open_sources(
    ...     {"a": {"x": ["1", "?"]}, "b": {"x": ["2", "3"]}}, columns={"a/x": "numeric"}
    ... )
    >>> tables["a"].frame["x"].to_list(), tables["b"].frame["x"].to_list()
    ([1, None], ['2', '3'])
    """
    _check_names(sources)
    given = {
        name: Path(source) if isinstance(source, str) else source
        for name, source in sources.items()
    }
    texts = [name for name, source in given.items() if isinstance(source, Path) and is_text(source)]
    options = source_text_options(
        given, texts, no_header, separator=separator, names=names, decimal=decimal
    )
    whole = {name.rpartition("/")[2] for name in columns} if isinstance(columns, Mapping) else ()
    for name, source in given.items():
        if not isinstance(source, Path):
            with about_source(name):
                given[name] = untyped(source, whole)
    index = SourceColumns(
        {name: _columns(source, options.get(name), whole) for name, source in given.items()}
    )
    roles, markers = roles_by_column(columns, index), markers_by_column(missing, index)
    known = only is not None and set(only) <= set(index)
    opened = {}
    for name, source in given.items():
        written = vars(options[name]) if name in texts else {}
        chosen = list(index.of(name, dict.fromkeys(only or ()))) if known else []
        with about_source(name):
            opened[name] = open_table(
                source,
                columns=index.of(name, roles),
                missing=index.of(name, markers),
                only=chosen or None,
                **written,
            )
    for name, first in _repeated(sources).items():
        note = (
            f"the same table as {first}, so that a row may be trained on in one source and tested "
            "on in the other"
        )
        opened[name] = replace(opened[name], notes=(*opened[name].notes, note))
    return opened


def _repeated(sources: Mapping[str, Any]) -> dict[str, str]:
    """Sources whose file or frame an earlier one has, with the first that has it."""
    first: dict[str | int, str] = {}
    owners = {
        name: first.setdefault(
            os.path.realpath(source) if isinstance(source, str | Path) else id(source), name
        )
        for name, source in sources.items()
    }
    return {name: owner for name, owner in owners.items() if owner != name}


def _check_names(sources: object) -> None:
    expected = "a mapping of source name to file or frame, such as {'red': 'red.csv'}"
    if not isinstance(sources, Mapping) or not sources:
        raise ParameterError(message("the data set", "sources", expected, sources))
    for name in sources:
        if not isinstance(name, str) or not name.strip() or any(c in name for c in _RESERVED):
            marks = " ".join(_RESERVED)
            expected = f"a mapping whose keys are names without any of the marks {marks}"
            raise ParameterError(message("the data set", "sources", expected, name))


def _columns(source: Any, options: TextOptions | None, whole: Collection[str]) -> Sequence[str]:
    """Names of a file's or frame's columns."""
    if isinstance(source, Path):
        return file_columns(source, options or TextOptions(), whole)
    return source.frame.columns
