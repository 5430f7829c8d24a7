"""Text files, zipped or not: opened, and refused where they are no UTF-8 text."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from polytask._reason import reason
from polytask.exceptions import SourceFileError

__all__ = ["head_lines", "opened_text"]

_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_HEAD = 1 << 18
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def opened_text(path: Path) -> Iterator[IO[str]]:
    """The file as text, line ends as they are.

    Raises
    ------
    SourceFileError
        If it cannot be read as UTF-8 text.
    """
    try:
        with _opener(path)(path, "rt", encoding="utf-8-sig", newline="") as handle:
            yield handle
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        sentence = f"{path} cannot be read: it is no UTF-8 text (it holds the byte 0x{byte:02x})."
        raise SourceFileError(f"{sentence} Save it as UTF-8 text.") from error
    except (gzip.BadGzipFile, EOFError, csv.Error) as error:
        raise SourceFileError(f"{path} cannot be read: {reason(error, named=False)}.") from error


def head_lines(path: Path) -> list[str]:
    """The first whole lines of a file, line ends and all.

    Raises
    ------
    SourceFileError
        If the file is no text.
    """
    _check_text(path)
    with opened_text(path) as handle:
        text = handle.read(_HEAD)
        whole = not handle.read(1)
    lines = list(io.StringIO(text, newline=""))
    return lines if whole or len(lines) == 1 else lines[:-1]


def _check_text(path: Path) -> None:
    try:
        with _opener(path)(path, "rb") as handle:
            head = handle.read(_HEAD)
    except (gzip.BadGzipFile, EOFError, OSError) as error:
        raise SourceFileError(f"{path} cannot be read: {reason(error, named=False)}.") from error
    if head.startswith(_ZIP):
        sentence = f"{path} is a workbook or another zip archive. Save its sheet as a CSV file."
        raise SourceFileError(sentence)
    if head.startswith(_UTF_16):
        raise SourceFileError(f"{path} cannot be read: it is UTF-16. Save it as UTF-8 text.")
    if head.startswith(_PARQUET):
        raise SourceFileError(
            f"{path} is a Parquet file, though its name says otherwise. Name it "
            f"{path.with_suffix('.parquet').name}."
        )
    if b"\0" in head:
        sentence = f"{path} is no text but a binary file. Save the table as a CSV or Parquet file."
        raise SourceFileError(sentence)


def _opener(path: Path) -> Callable[..., Any]:
    if path.suffix.casefold() == ".gz":
        return gzip.open
    with path.open("rb") as raw:
        return gzip.open if raw.read(2) == _GZIP else open
