"""Cells of a text file in the narrowest type that all cells of their column fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import polars as pl

__all__ = ["typed"]

_HEAD = 1000
_TRUTH = {"true": True, "false": False}


def _booleans(cells: pl.Expr) -> pl.Expr:
    return cells.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)


def _moments(cells: pl.Expr) -> pl.Expr:
    formats = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
    parsed = (cells.str.to_datetime(form, time_unit="us", strict=False) for form in formats)
    return pl.coalesce(*parsed)


_READINGS: tuple[Callable[[pl.Expr], pl.Expr], ...] = (
    lambda cells: cells.cast(pl.Int64, strict=False),
    lambda cells: cells.cast(pl.Float64, strict=False),
    _booleans,
    lambda cells: cells.str.to_date("%Y-%m-%d", strict=False),
    _moments,
)
"""Ways to read a text cell, the narrowest first; null where it cannot be read so."""


def typed(raw: pl.LazyFrame, missing: Sequence[str], text: Collection[str]) -> pl.LazyFrame:
    """Read whole numbers, numbers, true and false, dates and times; all else stays text.

    Outer blanks are cut off first.

    Parameters
    ----------
    raw : polars.LazyFrame
        Text columns.
    missing : sequence of str
        Cells that mean “missing”.
    text : collection of str
        Columns that stay text whatever they hold.
    """
    cells = pl.all().str.strip_chars()
    clean = raw.with_columns(
        pl.when(cells.is_in(list(missing))).then(None).otherwise(cells).name.keep()
    )
    names = [name for name in clean.collect_schema().names() if name not in text]
    candidates = {name: list(range(len(_READINGS))) for name in names}
    for frame in (clean.head(_HEAD), clean):  # a glance leaves little for the full pass
        candidates = _fitting(frame, candidates)
    chosen = {name: readings[0] for name, readings in candidates.items() if readings}
    return clean.with_columns(_READINGS[reading](pl.col(name)) for name, reading in chosen.items())


def _fitting(frame: pl.LazyFrame, candidates: dict[str, list[int]]) -> dict[str, list[int]]:
    """The readings of every column that lose no cell of the frame."""
    lost = {
        (name, reading): (
            _READINGS[reading](pl.col(name)).is_null() & pl.col(name).is_not_null()
        ).any()
        for name, readings in candidates.items()
        for reading in readings
    }
    if not lost:
        return candidates
    answers = (
        frame.select(test.alias(str(i)) for i, test in enumerate(lost.values())).collect().row(0)
    )
    fits = {key for key, any_lost in zip(lost, answers, strict=True) if not any_lost}
    return {
        name: [reading for reading in readings if (name, reading) in fits]
        for name, readings in candidates.items()
    }
