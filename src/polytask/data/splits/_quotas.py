"""Whole numbers of rows from shares."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["quotas", "spread"]


def quotas(count: int, shares: Float64[np.ndarray, " parts"]) -> Int64[np.ndarray, " parts"]:
    """Whole numbers in proportion to `shares` that sum to `count`.

    If possible, every part with a share gets at least one. The first parts are preferred.

    Examples
    --------
    >>> import numpy as np
    >>> quotas(10, np.array([0.75, 0.25])).tolist()
    [8, 2]
    >>> quotas(3, np.array([0.9, 0.05, 0.05])).tolist()
    [1, 1, 1]
    """
    exact = count * shares
    whole = np.floor(exact + 1e-9).astype(np.int64)
    for number in np.argsort(whole - exact, kind="stable")[: count - int(whole.sum())]:
        whole[number] += 1
    for number in np.flatnonzero((shares > 0) & (whole == 0)):
        richest = int(whole.argmax())
        if whole[richest] > 1:
            whole[richest] -= 1
            whole[number] += 1
    return whole


def spread(
    counts: Int64[np.ndarray, " parts"], generator: np.random.Generator
) -> Int64[np.ndarray, " n"]:
    """A sequence of part numbers, `counts` of each, with every part evenly distributed."""
    positions = [(np.arange(n) + generator.random()) / max(n, 1) for n in counts.tolist()]
    parts = np.repeat(np.arange(len(counts)), counts)
    return parts[np.argsort(np.concatenate(positions), kind="stable")]
