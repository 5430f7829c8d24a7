"""Tables from files, by polars and lazily."""

from __future__ import annotations

import csv
import glob
import gzip
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.data._cell_types import typed
from polytask.data._frames import header_doubt, no_duplicates
from polytask.exceptions import DataError, SourceFileError

__all__ = ["MISSING", "read_table", "scan_table"]

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
"""Cells of CSV and TSV files that mean “missing”."""


def read_table(
    path: str | Path,
    *,
    columns: Sequence[str] | None = None,
    missing: Sequence[str] = MISSING,
    text: Collection[str] = (),
) -> pl.DataFrame:
    """Read a file into a frame.

    Parameters
    ----------
    path : str or Path
        Its suffix says what it is: ``.csv``, ``.tsv`` (both also ``.gz``), ``.parquet``,
        ``.arrow``, ``.feather``, ``.ipc``, ``.ndjson`` or ``.jsonl``.
    columns : sequence of str, optional
        The columns to read; all if one of them is not there, so that it can be said what is.
    missing : sequence of str
        Cells that mean “missing”, in CSV and TSV files.
    text : collection of str
        Columns of CSV and TSV files that stay text even if they hold nothing but numbers.

    Raises
    ------
    SourceFileError
        If the file is absent, empty, without rows, unreadable, or of an unknown type.
    DataError
        If two columns carry one name.
    """
    path = Path(path)
    scanned = scan_table(path, missing=missing, text=text)
    if columns is not None and set(columns) <= set(scanned.collect_schema().names()):
        scanned = scanned.select(list(dict.fromkeys(columns)))
    table = _reading(path, scanned.collect)
    if table.height == 0:
        sentence = f"{path} holds a header ({', '.join(table.columns[:5])}) but no rows."
        raise SourceFileError(sentence)
    return table


def scan_table(
    path: str | Path, *, missing: Sequence[str] = MISSING, text: Collection[str] = ()
) -> pl.LazyFrame:
    """Open a file as a lazy frame; parameters and errors as in `read_table`."""
    path = Path(path)
    scan = _scanner(path)
    _check_file(path)
    if scan is _scan_separated:
        _check_header(path)
    return _reading(path, lambda: _checked(scan(path, missing, text)))


def _checked(frame: pl.LazyFrame) -> pl.LazyFrame:
    frame.collect_schema()
    return frame


def _literal(path: Path) -> str:
    """The path with nothing in it that polars takes for a pattern."""
    return glob.escape(str(path))


def _scan_separated(path: Path, missing: Sequence[str], text: Collection[str]) -> pl.LazyFrame:
    raw = pl.scan_csv(_literal(path), separator=_separator(path), infer_schema=False)
    names = {name: name.strip() for name in raw.collect_schema().names()}
    return typed(raw.rename(names), missing, text)


def _scan_parquet(path: Path, missing: Sequence[str], text: Collection[str]) -> pl.LazyFrame:
    del missing, text
    return pl.scan_parquet(_literal(path))


def _scan_arrow(path: Path, missing: Sequence[str], text: Collection[str]) -> pl.LazyFrame:
    del missing, text
    return pl.scan_ipc(_literal(path))


def _scan_lines(path: Path, missing: Sequence[str], text: Collection[str]) -> pl.LazyFrame:
    del missing, text
    return pl.scan_ndjson(_literal(path), infer_schema_length=None)


_Scan = Callable[[Path, Sequence[str], Collection[str]], pl.LazyFrame]

_SCANNERS: dict[str, _Scan] = {
    ".csv": _scan_separated,
    ".tsv": _scan_separated,
    ".csv.gz": _scan_separated,
    ".tsv.gz": _scan_separated,
    ".parquet": _scan_parquet,
    ".arrow": _scan_arrow,
    ".feather": _scan_arrow,
    ".ipc": _scan_arrow,
    ".ndjson": _scan_lines,
    ".jsonl": _scan_lines,
}


def _scanner(path: Path) -> _Scan:
    for suffix, scan in _SCANNERS.items():
        if path.name.casefold().endswith(suffix):
            return scan
    sentence = f"{path} is of an unknown type {path.suffix!r}. Known: {', '.join(_SCANNERS)}."
    raise SourceFileError(sentence)


def _separator(path: Path) -> str:
    return "\t" if path.name.casefold().endswith((".tsv", ".tsv.gz")) else ","


def _check_file(path: Path) -> None:
    if path.is_dir():
        sentence = f"{path} is a folder. Name a file of the types {', '.join(_SCANNERS)}."
        raise SourceFileError(sentence)
    if not path.exists():
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        remedy = (
            suggestion(path.name, beside) if beside else f"There is no folder {path.parent} either."
        )
        sentence = f"There is no file {path}. {remedy}"
        raise SourceFileError(sentence)
    if path.stat().st_size == 0:
        sentence = f"{path} is empty."
        raise SourceFileError(sentence)


def _check_header(path: Path) -> None:
    opened = gzip.open if path.suffix.casefold() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as handle:
            header = next(csv.reader(handle, delimiter=_separator(path)), [])
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        sentence = f"{path} cannot be read: {error}. Save it as UTF-8 text."
        raise SourceFileError(sentence) from error
    if not any(cell.strip() for cell in header):
        sentence = f"{path} is empty: its first line names no columns."
        raise SourceFileError(sentence)
    try:
        no_duplicates([cell.strip() for cell in header])
    except DataError as error:
        sentence = f"{path}: {error}{header_doubt([cell.strip() for cell in header])}"
        raise DataError(sentence) from error


def _reading(path: Path, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (pl.exceptions.PolarsError, OSError) as error:
        sentence = f"{path} cannot be read: {str(error).splitlines()[0]}"
        raise SourceFileError(sentence) from error
