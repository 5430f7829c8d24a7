"""ARFF files, the format of Weka and Mulan."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polytask._reason import reason
from polytask.data.readers._frame_columns import no_duplicates
from polytask.data.readers._scanned import Scanned
from polytask.data.readers._series import as_series
from polytask.exceptions import SourceFileError

__all__ = ["read_arff"]

_FAULTS = (NotImplementedError, ValueError, StopIteration, IndexError, csv.Error)


def read_arff(path: Path, whole: Collection[str] = ()) -> Scanned:
    """The attributes of a dense ARFF file: numbers, or text where they name their values.

    Names lose their quotes, and unknown cells (``?``) are missing. Attributes whose values are
    whole numbers, such as 0 and 1, are numbers.

    Parameters
    ----------
    path : Path
    whole : collection of str
        Nothing, as attributes are columns.

    Raises
    ------
    SourceFileError
        If it cannot be read, as sparse rows and free text cannot.
    """
    del whole
    from scipy.io.arff import ArffError, loadarff

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows, header = loadarff(io.StringIO(_quoted_alike(path.read_text(encoding="utf-8"))))
    except (ArffError, *_FAULTS) as error:
        sentence = (
            f"{path} cannot be read: {reason(error, named=False)}. Of ARFF files those are read "
            "whose rows are dense and whose attributes are numbers, dates or lists of values; save "
            "others as CSV."
        )
        raise SourceFileError(sentence) from error
    names = [name.strip("'\"") for name in header.names()]
    no_duplicates(names)
    columns = [
        _column(name, rows[attribute])
        for name, attribute in zip(names, header.names(), strict=True)
    ]
    return Scanned(pl.DataFrame(columns).lazy())


def _quoted_alike(text: str) -> str:
    """Rows in which all cells have quotes, if some have: scipy takes those of the first row for all."""
    lines = io.StringIO(text).readlines()
    data = next((i for i, line in enumerate(lines) if line.lower().startswith("@data")), len(lines))
    quotes = [quote for quote in ("'", '"') if any(quote in line for line in lines[data:])]
    return "".join([*lines[:data], *(_quoted(line, quotes) for line in lines[data:])])


def _quoted(line: str, quotes: Sequence[str]) -> str:
    row = line.strip()
    if not quotes or "," not in row or row.startswith(("%", "{")):
        return line
    own = min(quotes, key=lambda quote: row.find(quote) % (len(row) + 1))  # the first in the row
    cells = next(csv.reader([row], quotechar=own, skipinitialspace=True))
    return ",".join(f"{quotes[0]}{cell.strip()}{quotes[0]}" for cell in cells) + "\n"


def _column(name: str, cells: np.ndarray) -> pl.Series:
    if cells.dtype.kind != "S":
        return as_series(name, cells)
    text = [_text(cell) for cell in cells.tolist()]
    series = pl.Series(name, text, dtype=pl.String)
    whole = series.cast(pl.Int64, strict=False)
    return whole if whole.cast(pl.String).equals(series) else series


def _text(cell: Any) -> str | None:
    value = cell.decode("utf-8", errors="replace").strip()
    return None if value == "?" else value
