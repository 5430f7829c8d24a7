"""Columns of images that are copied beside predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask.data import read_table
from polytask.exceptions import DataError

__all__ = ["images_as_written"]

_WRITTEN = ("separator", "names", "no_header", "decimal")


def images_as_written(
    rows: pl.DataFrame, kept: Sequence[str], path: Path, how: Mapping[str, Any], source: str
) -> pl.DataFrame:
    """The rows, with paths again in place of images in the columns to copy.

    Parameters
    ----------
    rows : DataFrame
        As `rows_to_predict` read them.
    kept : sequence of str
        Columns to copy.
    path : Path
        The file that they are in.
    how : mapping
        How files are written, as `rows_to_predict` takes it.
    source : str
        Name of the source whose rows they are, empty for that of one table.

    Raises
    ------
    DataError
        If a column holds arrays or bytes, of which no text can be made.
    """
    images = [name for name in kept if isinstance(rows.schema[name], pl.Array)]
    if not images:
        return rows
    written = {option: _of_source(how.get(option), source) for option in _WRITTEN}
    given = {option: value for option, value in written.items() if value}
    table = read_table(path, text=images, **given)
    for name in images:
        if table.schema[name] != pl.String:
            sentence = (
                f"The column to keep, {name!r}, holds values of the type {table.schema[name]}, which "
                "cannot be written as text. Keep others."
            )
            raise DataError(sentence)
    return rows.with_columns(table[name] for name in images)


def _of_source(option: Any, source: str) -> Any:
    return option.get(source, option.get(None)) if isinstance(option, Mapping) else option
