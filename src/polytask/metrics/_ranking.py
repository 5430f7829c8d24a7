"""Rankings within groups, such as the items shown to each user."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.stats import rankdata

from polytask._validation import Interval, check
from polytask.exceptions import DataError

__all__ = ["RankingScores", "ranking_scores"]


class RankingScores(NamedTuple):
    """Means over groups; NaN if no group has such a value.

    Parameters
    ----------
    ndcg : float
        Normalised discounted cumulative gain of the first k rows.
    hit_rate : float
        Share of groups with a positive row among the first k.
    auc : float
        Chance that a positive row stands before a negative one of its group.
    n_groups : int
        Groups with a positive row, over which NDCG and hit rate are taken; `auc` needs a negative one too.
    """

    ndcg: float
    hit_rate: float
    auc: float
    n_groups: int


def ranking_scores(groups: Any, relevance: Any, scores: Any, *, k: int = 10) -> RankingScores:
    r"""Measure how well scores rank the rows of each group, such as the items shown to a user.

    .. math:: \mathrm{NDCG@}k = \frac{\sum_{r \le k} g_{(r)} / \log_2 (1 + r)}
              {\sum_{r \le k} g^{*}_{r} / \log_2 (1 + r)}

    with the relevance g of the rows by descending score, and in their best order.

    Parameters
    ----------
    groups : array of shape (n,)
        Each row's group.
    relevance : array of shape (n,)
        Not negative; rows above 0 are positive.
    scores : array of shape (n,)
        Higher is better, such as `response` of a binary task.
    k : int, default 10

    Returns
    -------
    RankingScores

    Raises
    ------
    DataError
        If lengths differ, a value is missing or infinite, or a relevance is negative.

    Notes
    -----
    Groups without a positive row say nothing about a ranking and are left out. Rows of equal scores
    share their discounts equally, so that no order is made of nothing; a group is hit by the
    chance that one of its positive rows is drawn first.
    The linear gain g is used, not :math:`2^g - 1`, as scikit-learn does.

    Examples
    --------
    >>> from polytask.metrics import ranking_scores
    >>> users, clicked = ["a", "a", "a", "b", "b"], [0, 1, 0, 1, 0]
    >>> ranking_scores(users, clicked, [0.9, 0.5, 0.1, 0.8, 0.2], k=1)
    RankingScores(ndcg=0.5, hit_rate=0.5, auc=0.75, n_groups=2)
    """
    check("ranking_scores", "k", k, Interval(int, 1))
    gains, values = np.asarray(relevance, dtype=float), np.asarray(scores, dtype=float)
    names = np.asarray(groups)
    _check(names, gains, values)
    order = np.argsort(names, kind="stable")
    starts = np.flatnonzero(names[order][1:] != names[order][:-1]) + 1
    measured = [
        _of_group(gains[rows], values[rows], k)
        for rows in np.split(order, starts)
        if len(rows) and gains[rows].max() > 0
    ]
    if not measured:
        return RankingScores(np.nan, np.nan, np.nan, 0)
    ndcg, hits, areas = np.array(measured).T
    known = areas[~np.isnan(areas)]
    auc = float(known.mean()) if len(known) else float("nan")
    return RankingScores(float(ndcg.mean()), float(hits.mean()), auc, len(measured))


def _of_group(
    gains: Float64[np.ndarray, " m"], scores: Float64[np.ndarray, " m"], k: int
) -> tuple[float, float, float]:
    """NDCG, chance of a hit and area of one group."""
    ranks = np.arange(1, len(gains) + 1)
    discounts = np.where(ranks <= k, 1 / np.log2(1 + ranks), 0.0)
    order = np.argsort(-scores, kind="stable")
    _, tied = np.unique(-scores[order], return_inverse=True)
    shared = np.bincount(tied, discounts) / np.bincount(tied)
    best = float(np.sort(gains)[::-1] @ discounts)
    ndcg = float(gains[order] @ shared[tied]) / best
    positive = gains > 0
    return ndcg, _hit(positive[order], tied, k), _area(positive, scores)


def _hit(positive: np.ndarray, tied: np.ndarray, k: int) -> float:
    """Chance of a positive row among the first k, where those of the last tie are drawn."""
    if k >= len(positive):
        return 1.0
    last = tied == tied[k - 1]
    before = int(np.flatnonzero(last)[0])
    if positive[:before].any():
        return 1.0
    n_tied, n_positive = int(last.sum()), int(positive[last].sum())
    missed = 1.0
    for drawn in range(k - before):
        missed *= max(n_tied - n_positive - drawn, 0) / (n_tied - drawn)
    return 1 - missed


def _area(positive: np.ndarray, scores: np.ndarray) -> float:
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_negative:
        return float("nan")
    above = rankdata(scores)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def _check(names: np.ndarray, gains: np.ndarray, scores: np.ndarray) -> None:
    shapes = {"groups": names.shape, "relevance": gains.shape, "scores": scores.shape}
    if names.ndim != 1 or len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} of shape {shape}" for name, shape in shapes.items())
        sentence = f"ranking_scores needs three arrays of shape (n,). Got {listed} instead."
        raise DataError(sentence)
    for name, values in {"relevance": gains, "scores": scores}.items():
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            sentence = (
                f"ranking_scores: {name} must be finite. Got {values[row]} in row {row} instead. "
                "Leave such rows out."
            )
            raise DataError(sentence)
    if (gains < 0).any():
        row = int(np.flatnonzero(gains < 0)[0])
        sentence = f"ranking_scores: relevance must not be negative. Got {gains[row]} in row {row}."
        raise DataError(sentence)
