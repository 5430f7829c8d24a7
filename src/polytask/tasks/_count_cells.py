"""Cells of counts and exposures: what they may hold, and what is said of those that they may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from polytask.exceptions import DataError
from polytask.tasks._classes import missing
from polytask.tasks._numbers import number_column, observed_numbers

__all__ = ["check_counts", "counts_of", "labelled_counts"]

_KIND = "count"
_LARGEST = 1e15
"""Largest count: up to here floats hold every whole number."""
_FARTHEST = (1e-30, 1e30)
"""Exposures whose logarithms and ratios stay in the range of single precision."""

Numbers = Float64[np.ndarray, " n"]


def counts_of(
    names: Sequence[str], columns: Sequence[Shaped[np.ndarray, " n"]]
) -> tuple[Numbers, Numbers]:
    """Counts and exposures, 1 without a second column; NaN where missing, or 0 or less."""
    counts, *others = (
        number_column(name, column, _KIND) for name, column in zip(names, columns, strict=True)
    )
    exposures = others[0] if others else np.ones(len(counts))
    return np.where(counts >= 0, counts, np.nan), np.where(exposures > 0, exposures, np.nan)


def labelled_counts(
    owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """Counts and exposures of the rows that have both.

    Raises
    ------
    DataError
        If there are not one or two columns, a cell is no count or exposure, or no row is labelled.
    """
    if len(columns) not in {1, 2}:
        sentence = (
            f"Task {owner!r} is a count and must have one target column, or two, the second of which "
            f"is the exposure. Got {list(columns)}."
        )
        raise DataError(sentence)
    for name, values in columns.items():
        observed_numbers(owner, name, values, _KIND)
    check_counts(owner, columns, rows=False)
    counts, exposures = counts_of(list(columns), list(columns.values()))
    known = ~np.isnan(counts) & ~np.isnan(exposures)
    if not known.any():
        count, exposure = columns
        sentence = (
            f"Task {owner!r}: there is no row in which both {count!r} and its exposure, "
            f"{exposure!r}, are given."
        )
        raise DataError(sentence)
    return counts[known], exposures[known]


def check_counts(
    owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]], *, rows: bool = True
) -> None:
    """Raise for cells that are no counts, and for exposures of counts that are no exposures.

    Parameters
    ----------
    owner : str
        The task's name, for errors.
    columns : mapping of str to array
        The count, and its exposure if there are two.
    rows : bool
        Whether rows are those of the user's table, so that the first bad one is named.

    Raises
    ------
    DataError
    """
    (name, values), *others = columns.items()
    if rows:
        for column, cells in columns.items():
            _check_words(owner, column, cells)
    counts = number_column(name, values, _KIND)
    told = _Teller(owner, rows=rows)
    remedy = "A count is a whole number of at least 0"
    told.refuse(name, counts, counts < 0, f"{remedy}; empty the cell if it is unknown.")
    told.refuse(name, counts, counts % 1 > 0, f"{remedy}. Choose the kind regression for amounts.")
    told.refuse(name, counts, counts > _LARGEST, "Counts end at 1e15. Count in thousands instead.")
    for exposure, cells in others[:1]:
        units = number_column(exposure, cells, _KIND)
        counted = ~np.isnan(counts)
        remedy = f"An exposure is a number above 0. Mend it, or empty the cell of {name!r}."
        told.refuse(exposure, units, counted & (units <= 0), remedy)
        outside = (units < _FARTHEST[0]) | (units > _FARTHEST[1])
        told.refuse(exposure, units, counted & outside, "Give the exposure in another unit.")
        if rows:
            remedy = f"Fill it, or empty the cell of {name!r}, which has a value there."
            told.refuse(exposure, units, counted & np.isnan(units), remedy)


def _check_words(owner: str, column: str, values: Shaped[np.ndarray, " n"]) -> None:
    """Raise for the first word among numbers; columns of words alone are refused elsewhere."""
    texts = {row: cell for row, cell in enumerate(values.tolist()) if isinstance(cell, str)}
    words = {row: cell for row, cell in texts.items() if not _is_number(cell)}
    if words and len(words) < len(values) - int(missing(values).sum()):
        row, word = next(iter(words.items()))
        raise DataError(
            f"Task {owner!r}: column {column!r} holds {word!r} in row {row}, where others hold "
            f"numbers. Empty the cell if it is unknown, or declare the word to be missing."
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Teller:
    """Raises for the first of the cells that are refused."""

    def __init__(self, owner: str, *, rows: bool) -> None:
        self.owner, self.rows = owner, rows

    def refuse(self, column: str, cells: Numbers, bad: Bool[np.ndarray, " n"], remedy: str) -> None:
        """Raise if any cell of a column is bad."""
        if not bad.any():
            return
        first = int(np.argmax(bad))
        held = "holds nothing" if np.isnan(cells[first]) else f"holds {cells[first]:g}"
        where = f" in row {first}" if self.rows else ""
        raise DataError(f"Task {self.owner!r}: column {column!r} {held}{where}. {remedy}")
