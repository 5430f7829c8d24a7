"""Vocabularies of steps, and steps as codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Int32

from polytask.data.cells import step_positions, steps_of

__all__ = ["MOST_WORDS", "StepCounts", "learned_steps", "step_codes", "step_counts"]

MOST_WORDS = 30_000
"""Size of the largest vocabulary of steps."""
_CHUNK = 1 << 15
"""Rows whose steps are in memory at once."""

Lists = Callable[[pl.Series], pl.Series]
"""Cells as lists of text."""


def learned_steps(
    series: pl.Series, lists: Lists, most: int, *, rows: int
) -> tuple[tuple[str, ...], int]:
    """Vocabulary of the first steps of every row, and how many steps the longest row has.

    Parameters
    ----------
    series : polars.Series
    lists : callable
    most : int
        How many steps of every row count.
    rows : int
        Rows that must have a step.

    Returns
    -------
    tuple of str
        Steps by the number of rows that have them, most first, ties by name.
    int
        From 1 to `most`.
    """
    counts, longest = [], 1
    for chunk in _chunks(series):
        steps = lists(chunk).list.head(most)
        longest = max(longest, int(steps.list.len().fill_null(0).to_numpy().max(initial=1)))
        cells = steps_of(steps.list.unique()).cells.drop_nulls()
        counts.append(cells.rename("step").value_counts(name="rows"))
    kept = (
        pl.concat(counts)
        .group_by("step")
        .agg(pl.col("rows").sum())
        .filter(pl.col("rows") >= rows)
        .sort("rows", "step", descending=[True, False])
        .head(MOST_WORDS)
    )
    return tuple(kept["step"].to_list()), longest


def step_codes(
    series: pl.Series, lists: Lists, vocabulary: tuple[str, ...], steps: int
) -> Int32[np.ndarray, "n steps"]:
    """Codes of the first steps of every row: 0 for no step, 1 for an unknown one, then known ones."""
    codes = np.zeros((len(series), steps), dtype=np.int32)
    for first, chunk in zip(range(0, len(series), _CHUNK), _chunks(series), strict=False):
        lengths, cells = steps_of(lists(chunk), steps)
        rows, positions = step_positions(lengths)
        codes[first + rows, positions] = _known(cells, vocabulary).fill_null(-1).to_numpy() + 2
    return codes


class StepCounts(NamedTuple):
    """What a vocabulary knows of a column.

    Attributes
    ----------
    read, unknown : int
        Steps that are read, and unknown ones among them.
    cut : int
        Rows with more steps than are read.
    """

    read: int
    unknown: int
    cut: int


def step_counts(
    series: pl.Series, lists: Lists, vocabulary: tuple[str, ...], steps: int
) -> StepCounts:
    """Count the first steps of every row that are known, and rows that have more steps."""
    counts = np.zeros(3, dtype=np.int64)
    for chunk in _chunks(series):
        found = lists(chunk)
        cells = steps_of(found, steps).cells
        cut = int((found.list.len().fill_null(0).to_numpy() > steps).sum())
        counts += [len(cells), _known(cells, vocabulary).null_count(), cut]
    return StepCounts(*counts.tolist())


def _known(cells: pl.Series, vocabulary: tuple[str, ...]) -> pl.Series:
    """Positions in the vocabulary; null where it lacks a step."""
    known = cells.cast(pl.String).cast(_enum(vocabulary), strict=False)
    return known.to_physical().cast(pl.Int32)


def _chunks(series: pl.Series) -> Iterator[pl.Series]:
    """At least one chunk, which may be empty."""
    for first in range(0, max(len(series), 1), _CHUNK):
        yield series[first : first + _CHUNK]


@lru_cache(maxsize=8)
def _enum(vocabulary: tuple[str, ...]) -> Any:
    return pl.Enum(vocabulary)
