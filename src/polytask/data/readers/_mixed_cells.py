"""Columns of numbers in which some cells are text that stands for missing ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from numbers import Real

import polars as pl

from polytask.data.cells import likely_markers, marker_words, without_markers
from polytask.data.readers._object_cells import object_cells
from polytask.exceptions import DataError

__all__ = ["as_text", "unmixed"]


def as_text(table: pl.DataFrame) -> pl.DataFrame:
    """The table, columns of Python objects as text, so that markers can be looked for."""
    return table.with_columns(
        pl.Series(
            series.name,
            [None if cell is None else _text(cell) for cell in series],
            dtype=pl.String,
        )
        for series in _mixed(table)
    )


def _text(cell: object) -> str:
    """The cell as text that polars can hold: halves of characters as question marks."""
    return str(cell).encode("utf-8", "replace").decode()


def unmixed(
    table: pl.DataFrame, markers: Mapping[str, Sequence[str]]
) -> tuple[pl.DataFrame, dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The table with numbers instead of numbers and markers; what was one; and notes.

    Columns that mix other values stay as they are, and are refused where they are used.

    Parameters
    ----------
    table : polars.DataFrame
    markers : mapping of column to sequence of str
        Cells that mean “missing”.
    """
    columns, likely_by_column, notes = [], {}, []
    for series in _mixed(table):
        text = as_text(series.to_frame()).lazy()
        kept = without_markers(text, markers).collect().to_series().is_not_null()
        cells = [cell if keep else None for cell, keep in zip(series, kept, strict=True)]
        texts = Counter(cell for cell in cells if isinstance(cell, str))
        values = {cell for cell in cells if isinstance(cell, Real)}
        likely = likely_markers(texts, len(values))
        if likely is not None:
            cells = [None if isinstance(cell, str) else cell for cell in cells]
            likely_by_column[series.name] = likely
        try:
            columns.append(object_cells(series.name, cells))
        except DataError:
            likely_by_column.pop(series.name, None)
            continue
        if likely is not None:
            notes.append(f"{series.name}: numbers but for {marker_words(texts)}")
    return table.with_columns(columns), likely_by_column, tuple(notes)


def _mixed(table: pl.DataFrame) -> list[pl.Series]:
    return [series for series in table.iter_columns() if series.dtype == pl.Object]
