"""Notes on targets that are the same in every row."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from polytask._listing import enumerated
from polytask.data.sources._labels import target_columns
from polytask.data.sources._source import Source

__all__ = ["equal_target_notes"]

_FEWEST = 20
"""Labels; fewer are equal by chance where one class is rare."""


def equal_target_notes(source: Source) -> tuple[str, ...]:
    """Notes on target columns that have the same cells, missing ones among them.

    Only columns of numbers, text and booleans are compared, each with those of its number of
    missing cells, sum or length, so that a table of many targets is read in one pass.
    """
    alike: dict[object, list[pl.Series]] = {}
    for series in target_columns(source.labels):
        if _is_plain(series) and len(series) - series.null_count() >= _FEWEST:
            alike.setdefault(_fingerprint(series), []).append(series)
    return tuple(
        f"{enumerated([series.name for series in same])}: equal in every row, so that they are one "
        "task that counts several times; name one of them as a target"
        for several in alike.values()
        for same in _equal(several)
    )


def _is_plain(series: pl.Series) -> bool:
    return series.dtype.is_numeric() or series.dtype in (pl.String, pl.Boolean)


def _fingerprint(series: pl.Series) -> object:
    """What equal columns have in common."""
    amounts = series.str.len_bytes() if series.dtype == pl.String else series
    return series.dtype == pl.String, series.null_count(), float(amounts.sum())


def _equal(several: list[pl.Series]) -> list[list[pl.Series]]:
    """Groups of two or more equal columns."""
    first: dict[str, str] = {series.name: series.name for series in several}
    for one, other in combinations(several, 2):
        if first[other.name] == other.name and one.equals(other):
            first[other.name] = first[one.name]
    groups = [
        [s for s in several if first[s.name] == name] for name in dict.fromkeys(first.values())
    ]
    return [group for group in groups if len(group) > 1]
