"""Numbers and bounds of the batches of an epoch."""

from __future__ import annotations

import math

__all__ = ["bounds", "n_batches", "steps_per_epoch"]


def n_batches(n_rows: int, size: int) -> int:
    """Number of batches of `size` rows; a single row that is left over joins the last one.

    Nothing can be normalised over a batch of a single row.

    Examples
    --------
    >>> n_batches(8, 4), n_batches(9, 4), n_batches(10, 4)
    (2, 2, 3)
    """
    left_over = n_rows % size == 1 and 1 < size < n_rows
    return math.ceil(n_rows / size) - left_over


def bounds(position: int, n_rows: int, size: int) -> slice:
    """Bounds of one batch among the epoch's rows in order.

    Examples
    --------
    >>> bounds(1, 9, 4)
    slice(4, 9, None)
    """
    last = position == n_batches(n_rows, size) - 1
    return slice(position * size, n_rows if last else (position + 1) * size)


def steps_per_epoch(n_rows: int, batch_size: int) -> int:
    """Number of steps in which all rows are read once.

    Examples
    --------
    >>> steps_per_epoch(100, 32), steps_per_epoch(10, 32)
    (4, 1)
    """
    return n_batches(n_rows, min(batch_size, n_rows))
