"""Tables from files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask.data.readers._file_types import scanner
from polytask.data.readers._open_file import FileRules, open_file
from polytask.data.readers._text_options import text_options

__all__ = ["read_table", "scan_table"]


def read_table(
    path: str | Path,
    *,
    columns: Sequence[str] | None = None,
    missing: Any = (),
    text: Collection[str] = (),
    names: str | Iterable[str] | None = None,
    no_header: bool = False,
    separator: str | None = None,
    decimal: str = ".",
) -> pl.DataFrame:
    """Read a file into a frame.

    Parameters
    ----------
    path : str or Path
        Its suffix says what it is: ``.csv``, ``.tsv`` (both also ``.gz``), ``.parquet``,
        ``.arrow``, ``.feather``, ``.ipc``, ``.ndjson`` or ``.jsonl``; of files with other names
        the content does, text above all.
    columns : sequence of str, optional
        The columns to read; all if one of them is not there, so that it can be said what is.
    missing : str, number, sequence of these, or mapping of column to such
        Cells that mean “missing”, beside empty ones and words such as NA.
    text : collection of str
        Columns of text files that stay text even if they hold nothing but numbers.
    names : sequence of str or str with commas, optional
        Names of the columns of a text file without a header.
    no_header : bool
        Whether the first line of a text file is a row like any other.
    separator : str, optional
        What separates cells of a text file; otherwise found by consistency over its rows. A blank
        stands for any number of blanks and tabs.
    decimal : {".", ","}
        The decimal mark in a text file. With a comma, points may stand between thousands.

    Raises
    ------
    SourceFileError
        If the file is absent, empty, without rows, unreadable, or of an unknown type.
    DataError
        If two columns carry one name.
    """
    options = text_options(separator=separator, no_header=no_header, names=names, decimal=decimal)
    return open_file(
        Path(path), FileRules(options, missing=missing, text=text, only=columns, every_row=True)
    ).frame


def scan_table(path: str | Path, *, missing: Any = (), text: Collection[str] = ()) -> pl.LazyFrame:
    """Open a file as a lazy frame; parameters and errors as in `read_table`."""
    scan = scanner(Path(path))
    if scan is not None and not missing:
        return scan(Path(path), ()).frame
    return read_table(path, missing=missing, text=text).lazy()
