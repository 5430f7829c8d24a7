"""The names of a text file's columns, and whether they are names at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from polytask.data.cells import is_marker_word, may_be_dates
from polytask.data.names import NO_HEADER_DOUBT
from polytask.data.readers._frame_columns import no_duplicates
from polytask.data.readers._sniff import NUMBER
from polytask.exceptions import DataError

__all__ = ["check_names", "completed_names", "looks_like_data", "names_columns"]

_MOSTLY = 0.9


def looks_like_data(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a header looks like one more row.

    It does where no name is text above numbers or dates, and at least half of the names are
    numbers above numbers, dates above dates, or occur as values below. Numbers in equal steps, as
    years or a count of the columns, are names.

    Parameters
    ----------
    names : sequence of str
    rows : sequence of rows of cells
        The first rows below the header.

    Examples
    --------
    >>> from polytask.data.readers._header import looks_like_data
    >>> looks_like_data(["5.1", "setosa"], [["4.9", "setosa"], ["6.2", "virginica"]])
    True
    >>> looks_like_data(["length", "species"], [["4.9", "setosa"], ["6.2", "virginica"]])
    False
    """
    if not rows or _in_steps([name for name in names if _is_number(name)]):
        return False
    signs = _signs(names, rows)
    return -1 not in signs and 0 < len(signs) <= 2 * sum(signs)


def names_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether some name is text above numbers or dates, so that it can be no value."""
    return -1 in _signs(names, rows)


def _signs(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    columns = [[row[column] for row in rows if column < len(row)] for column in range(len(names))]
    return [_sign(name, column) for name, column in zip(names, columns, strict=True) if name]


def _sign(name: str, cells: Sequence[str]) -> int:
    """1 if a name looks like the cells below it, −1 if it cannot be one of them, else 0."""
    cells = [cell for cell in cells if not is_marker_word(cell)]
    if not cells or is_marker_word(name):
        return 0
    if sum(map(_is_number, cells)) >= _MOSTLY * len(cells):
        return 1 if _is_number(name) else -1
    if may_be_dates(pl.Series(cells)):
        return 1 if may_be_dates(pl.Series([name])) else -1
    return int(name in cells)


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell))


def _in_steps(numbers: Sequence[str]) -> bool:
    """Whether numbers are whole and in equal steps, from 0 or 1, or at least three of them."""
    if not all(number.isdecimal() for number in numbers) or len(numbers) < 2:
        return False
    steps = set(np.diff([int(number) for number in numbers]).tolist())
    return len(steps) == 1 and 0 not in steps and (len(numbers) > 2 or numbers[0] in {"0", "1"})


def completed_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of all columns, ``column_3`` and the like for those without one."""
    taken, completed = set(names), []
    for number, name in enumerate(names, start=1):
        own = name or f"column_{number}"
        while not name and own in taken:
            own += "_"
        completed.append(own)
    return tuple(completed)


def check_names(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Raise if two columns carry one name, as values of a first row may.

    Raises
    ------
    DataError
    """
    try:
        no_duplicates([name for name in names if name])
    except DataError as error:
        doubt = f" {NO_HEADER_DOUBT}" if looks_like_data(names, rows) else ""
        raise DataError(f"{error}{doubt}") from error
