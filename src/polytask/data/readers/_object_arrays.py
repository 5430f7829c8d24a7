"""Lists or arrays, one per row, as a column of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool

from polytask._validation import describe
from polytask.data.readers._plain_arrays import as_array
from polytask.exceptions import DataError

__all__ = ["array_cells", "kept_where", "of_several_shapes"]


def array_cells(name: str, values: Sequence[Any]) -> pl.Series:
    """Lists or arrays of numbers, of one shape, as a column of tensors; None is null.

    Raises
    ------
    DataError
        If they differ in shape, or hold anything but numbers.
    """
    cells = [None if value is None else _numbers(name, value) for value in values]
    present = [row for row, cell in enumerate(cells) if cell is not None]
    shapes = {cells[row].shape: row for row in reversed(present)}  # type: ignore[union-attr]
    if len(shapes) > 1:
        (shape, row), (other, second) = list(reversed(shapes.items()))[:2]
        raise DataError(of_several_shapes(name, (shape, row), (other, second)))
    (shape,) = shapes
    if 0 in shape:
        raise DataError(f"Column {name!r} holds empty lists. Leave the cells empty, or drop it.")
    table = np.stack([np.full(shape, np.nan) if cell is None else cell for cell in cells])
    if shape in {(), (1,)}:
        return pl.Series(name, table.reshape(-1)).fill_nan(None)
    series = pl.Series(name, table)
    return kept_where(series, np.array([cell is not None for cell in cells]))


def _numbers(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(as_array(value))
        return array.astype(np.float64, casting="unsafe" if array.dtype == object else "same_kind")
    except (TypeError, ValueError) as error:
        sentence = (
            f"Column {name!r} holds lists such as {describe(value, 40)}, which are not tables of "
            "numbers. Make a column of 0 and 1 for each value that occurs in them."
        )
        raise DataError(sentence) from error


def kept_where(series: pl.Series, kept: Bool[np.ndarray, " n"]) -> pl.Series:
    """The series with null elsewhere."""
    if kept.all():
        return series
    chosen = pl.when(pl.lit(pl.Series(kept))).then(pl.lit(series))
    return pl.select(chosen.alias(series.name)).to_series()


def of_several_shapes(
    name: str, first: tuple[tuple[int, ...], int], second: tuple[tuple[int, ...], int]
) -> str:
    """Sentence about lists that differ in length, of which two are shown with their rows."""
    (shape, row), (other, other_row) = first, second
    return (
        f"Column {name!r} holds lists of different lengths ({_length(shape)} in row {row}, "
        f"{_length(other)} in row {other_row}). Give all of them one length, such as by padding, "
        "or make what they hold columns of their own."
    )


def _length(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else str(shape)
