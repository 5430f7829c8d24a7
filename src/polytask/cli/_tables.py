"""Atomic writing of frames, in the format of the file's suffix."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl

from polytask._files import replacing
from polytask.exceptions import SourceFileError

__all__ = ["check_cells", "check_writable", "new_folder", "write_table"]


def _separated(separator: str) -> Callable[[pl.DataFrame, Path], None]:
    def write(table: pl.DataFrame, path: Path) -> None:
        table.write_csv(path, separator=separator)

    return write


def _zipped(separator: str) -> Callable[[pl.DataFrame, Path], None]:
    def write(table: pl.DataFrame, path: Path) -> None:
        with gzip.open(path, "wb") as handle:
            handle.write(table.write_csv(separator=separator).encode())

    return write


_WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".csv.gz": _zipped(","),
    ".tsv.gz": _zipped("\t"),
    ".parquet": lambda table, path: table.write_parquet(path),
    ".arrow": lambda table, path: table.write_ipc(path),
    ".feather": lambda table, path: table.write_ipc(path),
    ".ipc": lambda table, path: table.write_ipc(path),
    ".ndjson": lambda table, path: table.write_ndjson(path),
    ".jsonl": lambda table, path: table.write_ndjson(path),
}


_OF_TEXT = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table in the format that the file's suffix names."""
    write = _writer(path)
    with replacing(path) as temporary:
        write(table, temporary)


def check_writable(path: Path) -> None:
    """Raise unless a table can be written there, before anything is read or trained."""
    _writer(path)
    if path.is_dir():
        raise SourceFileError(f"{path} is a folder. Name a file, such as {path / 'table.csv'}.")


def check_cells(table: pl.DataFrame, path: Path | None) -> None:
    """Raise if cells are arrays or lists and the file, or the standard output, is of text columns.

    Parameters
    ----------
    table : polars.DataFrame
    path : Path, optional
        None for the standard output.
    """
    nested = [name for name, dtype in table.schema.items() if dtype.is_nested()]
    as_text = path is None or path.name.casefold().endswith(_OF_TEXT)
    if nested and as_text:
        where = "the standard output is written as CSV" if path is None else f"{path} is CSV"
        sentence = (
            f"The column {nested[0]!r} holds an array in each row, and {where}, which has no arrays. Write "
            "to a file of another type, such as --out predictions.parquet."
        )
        raise SourceFileError(sentence)


def new_folder(path: Path) -> str:
    """Words on the folder that writing a file there makes, for the end of a note; or nothing."""
    return "" if path.parent.exists() else f", in the new folder {path.parent}"


def _writer(path: Path) -> Callable[[pl.DataFrame, Path], None]:
    for suffix, write in _WRITERS.items():
        if path.name.casefold().endswith(suffix):
            return write
    sentence = f"{path} is of an unknown type {path.suffix!r}. Known: {', '.join(_WRITERS)}."
    raise SourceFileError(sentence)
