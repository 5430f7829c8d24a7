"""Types of files, by name and first bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path

import polars as pl

from polytask._naming import suggestion
from polytask.data.readers._arff_file import read_arff
from polytask.data.readers._array_files import read_mat, read_npy, read_npz
from polytask.data.readers._hugging_face import is_saved_folder, read_folder
from polytask.data.readers._scanned import Scanned
from polytask.data.readers._separated import literal
from polytask.exceptions import SourceFileError

__all__ = ["Scan", "check_table_file", "is_text", "scanner"]

Scan = Callable[[Path, Collection[str]], Scanned]
"""Reads a file, of whose arrays (n, d) those of some names stay one column."""


def _parquet(path: Path, whole: Collection[str] = ()) -> Scanned:
    del whole
    return Scanned(pl.scan_parquet(literal(path)))


def _arrow(path: Path, whole: Collection[str] = ()) -> Scanned:
    del whole
    with path.open("rb") as handle:
        if handle.read(len(_ARROW_FILE)) == _ARROW_FILE:
            return Scanned(pl.scan_ipc(literal(path)))
    return Scanned(pl.read_ipc_stream(path).lazy())  # as Hugging Face writes


def _json_lines(path: Path, whole: Collection[str] = ()) -> Scanned:
    del whole
    return Scanned(pl.scan_ndjson(literal(path), infer_schema_length=None))


_SCANS: dict[str, Scan | None] = {
    ".csv": None,
    ".tsv": None,
    ".csv.gz": None,
    ".tsv.gz": None,
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".ipc": _arrow,
    ".ndjson": _json_lines,
    ".jsonl": _json_lines,
    ".npz": read_npz,
    ".npy": read_npy,
    ".mat": read_mat,
    ".arff": read_arff,
}
"""Readers of files by the ends of their names; None for text."""

_ARROW_FILE = b"ARROW1"
_MAGIC: dict[bytes, Scan] = {b"PAR1": _parquet, _ARROW_FILE: _arrow}

_OTHERS = (
    *(".xlsx", ".xlsm", ".xls", ".ods", ".json", ".xml", ".html", ".pdf", ".yaml", ".yml"),
    *(".sav", ".dta", ".sas7bdat", ".rds", ".rdata", ".h5", ".hdf5"),
    *(".pkl", ".pickle", ".joblib", ".pt", ".safetensors", ".db", ".sqlite", ".zip", ".7z"),
    *(".tar", ".tgz", ".tar.gz", ".bz2", ".xz", ".zst", ".orc", ".avro", ".svmlight", ".libsvm"),
)
"""Types that are known and not read; any other name may stand for text."""


def scanner(path: Path) -> Scan | None:
    """The reader of a file; None for text, which files of other names are taken for.

    Raises
    ------
    SourceFileError
        If it is absent, a folder, empty, or of a type that is not read.
    """
    if is_saved_folder(path):
        return read_folder
    name = path.name.casefold()
    for suffix, scan in _SCANS.items():
        if name.endswith(suffix):
            _check_file(path)
            return scan
    if name.endswith(_OTHERS):
        sentence = f"{path} is of an unknown type {path.suffix!r}. Known: {', '.join(_SCANS)}."
        raise SourceFileError(sentence)
    _check_file(path)
    return _by_content(path)


def check_table_file(path: Path) -> None:
    """Raise unless a file exists and is, by its name and first bytes, one that is read.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SourceFileError
        If it is absent, a folder, empty, or of a type that is not read.
    """
    scanner(path)


def is_text(path: Path) -> bool:
    """Whether a file that exists is a text file, such as CSV."""
    return scanner(path) is None


def _by_content(path: Path) -> Scan | None:
    with path.open("rb") as handle:
        head = handle.readline(1 << 16)
    for magic, scan in _MAGIC.items():
        if head.startswith(magic):
            return scan
    try:
        return _json_lines if isinstance(json.loads(head), dict) else None
    except ValueError:
        return None


def _check_file(path: Path) -> None:
    if path.is_dir():
        sentence = (
            f"{path} is a folder. Name a file of the types {', '.join(_SCANS)}, or a folder that "
            "save_to_disk of Hugging Face's datasets wrote."
        )
        raise SourceFileError(sentence)
    if not path.exists():
        sentence = f"There is no file {path}. {_what_is_there(path)}"
        raise SourceFileError(sentence)
    if path.stat().st_size == 0:
        sentence = f"{path} is empty."
        raise SourceFileError(sentence)


def _what_is_there(path: Path) -> str:
    """Which file may be meant instead of one that does not exist, or what its folder lacks."""
    if not path.parent.is_dir():
        return f"There is no folder {path.parent} either."
    beside = [other.name for other in path.parent.iterdir()]
    return (
        suggestion(path.name, beside)
        if beside
        else f"The folder {path.absolute().parent} is empty."
    )
