"""Tables from files, by polars and lazily."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.data._frames import no_duplicates
from polytask.exceptions import DataError, SourceFileError

__all__ = ["MISSING", "read_table", "scan_table"]

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
"""Cells of CSV and TSV files that mean “missing”."""


def read_table(path: str | Path, *, missing: Sequence[str] = MISSING) -> pl.DataFrame:
    """Read a file into a frame.

    Parameters
    ----------
    path : str or Path
        Its suffix says what it is: ``.csv``, ``.tsv`` (both also ``.gz``), ``.parquet``,
        ``.arrow``, ``.feather``, ``.ipc``, ``.ndjson`` or ``.jsonl``.
    missing : sequence of str
        Cells that mean “missing”, in CSV and TSV files.

    Raises
    ------
    SourceFileError
        If the file is absent, empty, without rows, unreadable, or of an unknown type.
    DataError
        If two columns carry one name.
    """
    path = Path(path)
    scanned = scan_table(path, missing=missing)
    table = _reading(path, scanned.collect)
    if table.height == 0:
        sentence = f"{path} holds a header ({', '.join(table.columns[:5])}) but no rows."
        raise SourceFileError(sentence)
    return table


def scan_table(path: str | Path, *, missing: Sequence[str] = MISSING) -> pl.LazyFrame:
    """Open a file as a lazy frame; parameters and errors as in `read_table`."""
    path = Path(path)
    scan = _scanner(path)
    _check_file(path)
    if scan is _scan_separated:
        _check_header(path)
    return _reading(path, lambda: _checked(scan(path, missing)))


def _checked(frame: pl.LazyFrame) -> pl.LazyFrame:
    frame.collect_schema()
    return frame


def _scan_separated(path: Path, missing: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_csv(
        path,
        separator=_separator(path),
        null_values=list(missing),
        infer_schema_length=None,
        try_parse_dates=True,
    )


_SCANNERS: dict[str, Callable[[Path, Sequence[str]], pl.LazyFrame]] = {
    ".csv": _scan_separated,
    ".tsv": _scan_separated,
    ".csv.gz": _scan_separated,
    ".tsv.gz": _scan_separated,
    ".parquet": lambda path, _: pl.scan_parquet(path, glob=False),
    ".arrow": lambda path, _: pl.scan_ipc(path),
    ".feather": lambda path, _: pl.scan_ipc(path),
    ".ipc": lambda path, _: pl.scan_ipc(path),
    ".ndjson": lambda path, _: pl.scan_ndjson(path, infer_schema_length=None),
    ".jsonl": lambda path, _: pl.scan_ndjson(path, infer_schema_length=None),
}


def _scanner(path: Path) -> Callable[[Path, Sequence[str]], pl.LazyFrame]:
    for suffix, scan in _SCANNERS.items():
        if path.name.casefold().endswith(suffix):
            return scan
    sentence = f"{path} is of an unknown type {path.suffix!r}. Known: {', '.join(_SCANNERS)}."
    raise SourceFileError(sentence)


def _separator(path: Path) -> str:
    return (
        "\t"
        if ".tsv" in path.suffixes[-2:] or path.name.casefold().endswith((".tsv", ".tsv.gz"))
        else ","
    )


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
        no_duplicates(header)
    except DataError as error:
        sentence = f"{path}: {error}"
        raise DataError(sentence) from error


def _reading(path: Path, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except pl.exceptions.PolarsError as error:
        sentence = f"{path} cannot be read: {str(error).splitlines()[0]}"
        raise SourceFileError(sentence) from error
