from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polytask.data.readers._open_file import FileRules, open_file
from polytask.data.readers._table import NO_ROLES, Table, open_frame
from polytask.data.readers._text_options import TextOptions, text_options
from polytask.exceptions import ParameterError

__all__ = ["open_table"]


def open_table(
    data: Any,
    *,
    columns: Mapping[str, str] = NO_ROLES,
    missing: Any = (),
    names: str | Iterable[str] | None = None,
    no_header: bool = False,
    separator: str | None = None,
    decimal: str = ".",
    only: Sequence[str] | None = None,
) -> Table:
    """A file or frame as a table that says how it was read; `read` takes it as data.

    Parameters
    ----------
    data : path, Table or frame
        What `read` takes.
    columns, missing, names, no_header, separator, decimal
        As in `read`.
    only : sequence of str, optional
        The columns to read from a file; all if one of them is not there.

    Raises
    ------
    ParameterError
        If it is said of a frame how text is written.

    Examples
    --------
    >>> from polytask.data import open_table
    >>> table = open_table({"size": ["1.5", "?", "2.5"]})
    >>> table.frame["size"].to_list(), table.reading.missing
    ([1.5, None, 2.5], {'size': ('?',)})
    """
    options = text_options(separator=separator, no_header=no_header, names=names, decimal=decimal)
    if isinstance(data, str | Path):
        return open_file(Path(data), FileRules(options, columns, missing, only=only))
    if options != TextOptions():
        sentence = (
            "`names`, `no_header`, `separator` and `decimal` say how a text file is written. "
            "Got a table instead; leave them out."
        )
        raise ParameterError(sentence)
    return open_frame(data, columns=columns, missing=missing)
