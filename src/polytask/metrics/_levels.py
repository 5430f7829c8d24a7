"""Ranks of scores as whole numbers, so that rows are counted instead of sorted."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["levels", "middle_ranks", "reached"]


def levels(scores: Float64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """Whole numbers from 0 in the order of the scores, equal where they are; few are unused."""
    most = 4 * len(scores) + 1
    if scores.min() >= 0 and scores.max() <= most:
        whole = scores.astype(np.int64)
        if (whole == scores).all():
            return whole
    order = np.argsort(scores)
    ranked = scores[order]
    level = np.empty(len(scores), dtype=np.int64)
    level[order] = np.cumsum(np.append(False, ranked[1:] != ranked[:-1]))
    return level


def middle_ranks(scores: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Twice the mid-ranks, which are whole numbers: tied scores share the mean of their ranks."""
    level = levels(scores)
    counts = np.bincount(level)
    return (2 * np.cumsum(counts) - counts + 1)[level].astype(np.float64)


def reached(
    level: Int64[np.ndarray, " n"], weight: Float64[np.ndarray, " n"], n_levels: int
) -> Float64[np.ndarray, " n_levels"]:
    """Weight of the rows at each level or above."""
    return np.cumsum(np.bincount(level, weight, n_levels)[::-1])[::-1]
