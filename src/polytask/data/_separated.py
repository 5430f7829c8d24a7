"""CSV and TSV files before they are read: what separates cells, and what is wrong with them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import polars as pl

from polytask.data._frames import header_doubt, no_duplicates
from polytask.exceptions import DataError, SourceFileError

__all__ = ["check_header", "check_numbers", "find_separator", "long_line", "separator_of"]

_MOST_NAMES = 5


def find_separator(path: str | Path) -> str | None:
    """What separates the cells of a CSV file instead of commas.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str or None
        A semicolon or a tab where the first line of a ``.csv`` file holds one and no comma.

    Raises
    ------
    SourceFileError
        If the first line is no UTF-8 text.
    """
    path = Path(path)
    if not path.name.casefold().endswith((".csv", ".csv.gz")):
        return None
    with _opened(path) as handle:
        first = handle.readline()
    return None if "," in first else next((mark for mark in ";\t" if mark in first), None)


def separator_of(path: Path) -> str:
    """What separates the cells of a CSV or TSV file."""
    usual = "\t" if path.name.casefold().endswith((".tsv", ".tsv.gz")) else ","
    return find_separator(path) or usual


def check_header(path: Path) -> None:
    """Raise unless the first line names columns, each once."""
    with _opened(path) as handle:
        header = next(csv.reader(handle, delimiter=separator_of(path)), [])
    names = [cell.strip() for cell in header]
    if not any(names):
        sentence = f"{path} is empty: its first line names no columns."
        raise SourceFileError(sentence)
    try:
        no_duplicates(names)
    except DataError as error:
        sentence = f"{path}: {error}{header_doubt(names)}"
        raise DataError(sentence) from error


def check_numbers(path: Path, table: pl.DataFrame, text: Collection[str]) -> None:
    """Raise if columns of text hold nothing but numbers, some with a decimal comma."""
    cells = {column.name: column.drop_nulls() for column in table if column.dtype == pl.String}
    commas = [
        name
        for name, found in cells.items()
        if name not in text
        and found.str.contains(r"^[+-]?\d*(,\d+)?$").all()
        and found.str.contains(",", literal=True).any()
    ]
    if commas and separator_of(path) != ",":
        shown = ", ".join(map(repr, commas[:_MOST_NAMES])) + ", …" * (len(commas) > _MOST_NAMES)
        sentence = (
            f"{path}: there are decimal commas in {shown}, so that numbers would be taken for text. "
            "Save the file with decimal points."
        )
        raise SourceFileError(sentence)


def long_line(path: Path) -> str | None:
    """A sentence about the first line that has more cells than the header, if there is one."""
    with _opened(path) as handle:
        lines = csv.reader(handle, delimiter=separator_of(path))
        width = len(next(lines, []))
        for cells in lines:
            if len(cells) > width:
                return (
                    f"{path}: line {lines.line_num} has {len(cells)} cells, but the header names "
                    f"{width} columns. Mend the line; a cell that holds a separator needs quotes."
                )
    return None


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    opened = gzip.open if path.suffix.casefold() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as handle:
            yield handle
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as error:
        sentence = f"{path} cannot be read: {error}. Save it as UTF-8 text."
        raise SourceFileError(sentence) from error
