"""Readings of text cells in other types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

__all__ = ["Read", "TextReading", "read_by", "unread"]

Read = Callable[[pl.Expr], pl.Expr]
"""Text cells in another type; null where they cannot be read so."""


@dataclass(frozen=True)
class TextReading:
    """Result of reading a text column.

    Parameters
    ----------
    read : callable, optional
        Its cells in a type of their own; None where they stay text.
    markers : tuple of str
        Cells that were taken for missing ones.
    form : str
        How dates are written, if it holds dates.
    note : str
        Note for the user; NAME stands for the column.
    """

    read: Read | None = None
    markers: tuple[str, ...] = ()
    form: str = ""
    note: str = ""


def read_by(cells: pl.Series, read: Read) -> pl.Series:
    """The cells in that other type."""
    column = cells.to_frame().lazy().select(read(pl.col(cells.name)).alias(cells.name))
    return column.collect().to_series()  # lazy, so that what a reading does twice is done once


def unread(cells: pl.Series, read: Read) -> Mapping[str, int]:
    """Counts of the cells that cannot be read so."""
    column = pl.col("cell")
    lost = (
        cells.rename("cell")
        .to_frame()
        .lazy()
        .select("cell", read(column).alias("value"))
        .filter(column.is_not_null() & pl.col("value").is_null())
        .group_by("cell", maintain_order=True)
        .len()
        .collect()
    )
    return dict(lost.iter_rows())
