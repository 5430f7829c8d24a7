"""Isotonic regression of many columns at once."""

from __future__ import annotations

import array_api_compat

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array

__all__ = ["isotonic"]


def isotonic(columns: Array) -> Array:
    """The nearest array that does not decrease along its first axis.

    Parameters
    ----------
    columns : array of shape (n, p)

    Returns
    -------
    array of shape (n, p)
        Values that were pooled are equal to the last bit.

    Notes
    -----
    Pool adjacent violators, in parallel: every round pools each maximal run of falling means, in
    all columns, since no member of such a run can differ from its neighbours in the solution. A
    few rounds suffice as a rule, and each sees only the blocks that are left.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties._isotonic import isotonic
    >>> isotonic(np.array([[3.0, 1.0], [1.0, 2.0], [5.0, 9.0]])).T
    array([[2., 2., 5.],
           [1., 2., 9.]])
    """
    xp = namespace(columns)
    n_rows, n_columns = columns.shape
    means = xp.reshape(xp.permute_dims(columns, (1, 0)), (-1,))
    sizes = xp.ones_like(means)
    block = xp.arange(n_rows * n_columns, device=array_api_compat.device(columns))
    column = block // n_rows
    while True:
        falls = (means[1:] < means[:-1]) & (column[1:] == column[:-1])
        if not xp.any(falls):
            break
        starts = xp.concat([xp.ones_like(falls[:1]), ~falls])
        pooled = xp.cumulative_sum(xp.astype(starts, block.dtype)) - 1
        n_blocks = int(pooled[-1]) + 1
        sums = xp.bincount(pooled, weights=means * sizes, minlength=n_blocks)
        sizes = xp.bincount(pooled, weights=sizes, minlength=n_blocks)
        means, column = xp.astype(sums / sizes, columns.dtype), column[starts]
        sizes, block = xp.astype(sizes, columns.dtype), xp.take(pooled, block)
    result = xp.reshape(xp.take(means, block), (n_columns, n_rows))
    return xp.permute_dims(result, (1, 0))
