"""Tables from files, by polars and lazily."""

from __future__ import annotations

import glob
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.data._cell_types import typed
from polytask.data._separated import check_header, check_numbers, long_line, separator_of
from polytask.exceptions import SourceFileError

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
        ``.arrow``, ``.feather``, ``.ipc``, ``.ndjson`` or ``.jsonl``. Cells of a CSV file may be
        separated by semicolons or tabs too, if its first line holds no comma.
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
    if _scanner(path) is _scan_separated:
        check_numbers(path, table, text)
    return table


def scan_table(
    path: str | Path, *, missing: Sequence[str] = MISSING, text: Collection[str] = ()
) -> pl.LazyFrame:
    """Open a file as a lazy frame; parameters and errors as in `read_table`."""
    path = Path(path)
    scan = _scanner(path)
    _check_file(path)
    if scan is _scan_separated:
        check_header(path)
    return _reading(path, lambda: _checked(scan(path, missing, text)))


def _checked(frame: pl.LazyFrame) -> pl.LazyFrame:
    frame.collect_schema()
    return frame


def _literal(path: Path) -> str:
    """The path with nothing in it that polars takes for a pattern."""
    return glob.escape(str(path))


def _scan_separated(path: Path, missing: Sequence[str], text: Collection[str]) -> pl.LazyFrame:
    raw = pl.scan_csv(_literal(path), separator=separator_of(path), infer_schema=False)
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


def _reading(path: Path, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (pl.exceptions.PolarsError, OSError) as error:
        sentence = f"{path} cannot be read: {str(error).splitlines()[0]}"
        if _scanner(path) is _scan_separated:
            sentence = long_line(path) or sentence
        raise SourceFileError(sentence) from error
