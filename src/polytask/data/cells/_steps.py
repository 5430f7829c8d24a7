"""The steps of lists: lengths by row, and the cells of all rows one after another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

__all__ = ["Steps", "step_numbers", "step_positions", "steps_of"]


class Steps(NamedTuple):
    """The steps of a column of lists.

    Attributes
    ----------
    lengths : array of shape (n,), int64
        Steps of each row; 0 where the row is missing.
    cells : polars.Series
        Steps of all rows, one row after another; null where a step is missing.
    """

    lengths: Int64[np.ndarray, " n"]
    cells: pl.Series


def steps_of(series: pl.Series, most: int | None = None) -> Steps:
    """Lengths and steps of a column of lists or arrays; the first `most` steps of a row at most.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.cells import steps_of
    >>> lengths, cells = steps_of(pl.Series([["a", "b"], [], None, [None]]))
    >>> lengths.tolist(), cells.to_list()
    ([2, 0, 0, 1], ['a', 'b', None])
    """
    if series.dtype == pl.Null:
        return Steps(np.zeros(len(series), dtype=np.int64), series.clear())
    lists = series.arr.to_list() if isinstance(series.dtype, pl.Array) else series
    if most is not None:
        lists = lists.list.head(most)
    lengths = lists.list.len().fill_null(0).cast(pl.Int64)
    return Steps(lengths.to_numpy(), lists.filter(lengths > 0).explode())


def step_positions(
    lengths: Int64[np.ndarray, " n"],
) -> tuple[Int64[np.ndarray, " m"], Int64[np.ndarray, " m"]]:
    """Row of every step, and its position in the row.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data.cells import step_positions
    >>> rows, positions = step_positions(np.array([2, 0, 3]))
    >>> rows.tolist(), positions.tolist()
    ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])
    """
    rows = np.repeat(np.arange(len(lengths)), lengths)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def step_numbers(cells: pl.Series) -> Float64[np.ndarray, "m k"]:
    """The numbers of steps, NaN where missing; one column unless the steps are arrays."""
    if not isinstance(cells.dtype, pl.Array):
        return cells.cast(pl.Float64).to_numpy()[:, None]
    width = cells.dtype.shape[0]
    values = np.full((len(cells), width), np.nan)
    present = cells.is_not_null().to_numpy()
    values[present] = cells.drop_nulls().cast(pl.Array(pl.Float64, width)).to_numpy()
    return values
