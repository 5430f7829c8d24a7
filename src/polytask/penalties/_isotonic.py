"""Isotonic regression of many rows at once."""

from __future__ import annotations

import array_api_compat

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array

__all__ = ["isotonic"]


def isotonic(rows: Array) -> Array:
    """The nearest array that does not decrease along its last axis.

    Parameters
    ----------
    rows : array of shape (n, k)

    Returns
    -------
    array of shape (n, k)
        Values that were pooled are equal to the last bit.

    Notes
    -----
    Pool adjacent violators, in parallel: every round pools each maximal run of falling means, in
    all rows, since no member of such a run can differ from its neighbours in the solution. A
    few rounds suffice as a rule, and each sees only the blocks that are left.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties._isotonic import isotonic
    >>> isotonic(np.array([[3.0, 1.0, 5.0], [1.0, 2.0, 9.0]]))
    array([[2., 2., 5.],
           [1., 2., 9.]])
    """
    xp = namespace(rows)
    shape = tuple(rows.shape)
    means = xp.reshape(rows, (-1,))
    sizes = xp.ones_like(means)
    block = xp.arange(means.shape[0], device=array_api_compat.device(rows))
    row = block // shape[1]
    while True:
        falls = (means[1:] < means[:-1]) & (row[1:] == row[:-1])
        if not xp.any(falls):
            break
        starts = xp.concat([xp.ones_like(falls[:1]), ~falls])
        pooled = xp.cumulative_sum(xp.astype(starts, block.dtype)) - 1
        n_blocks = int(pooled[-1]) + 1
        sums = xp.bincount(pooled, weights=means * sizes, minlength=n_blocks)
        sizes = xp.bincount(pooled, weights=sizes, minlength=n_blocks)
        means, row = xp.astype(sums / sizes, rows.dtype), row[starts]
        sizes, block = xp.astype(sizes, rows.dtype), xp.take(pooled, block)
    return xp.reshape(xp.take(means, block), shape)
