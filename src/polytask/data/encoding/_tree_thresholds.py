"""Decision trees of one column: the thresholds that explain a task best."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64, Shaped

__all__ = ["Cuts", "TreeTarget", "cuts_of", "tree_thresholds"]

_N_CUTS = 1024
_LEAST_GAIN = 1e-7
_LEAST_WEIGHT = 1e-300


@dataclass(frozen=True, eq=False)
class Cuts:
    """Places between the values of a column at which trees may split it.

    Attributes
    ----------
    below : array
        The largest value below every cut, ascending.
    thresholds : array
        Halfway to the next value.
    """

    below: np.ndarray
    thresholds: np.ndarray

    def codes(self, values: Float[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
        """How many cuts lie below every value."""
        return np.searchsorted(self.below, values, side="left")


def cuts_of(distinct: Float[np.ndarray, " m"], counts: Int64[np.ndarray, " m"]) -> Cuts:
    """About 1000 cuts: around every frequent value, and at quantiles of the others."""
    frequent = counts * _N_CUTS >= counts.sum()
    rows = np.where(frequent, 0, counts).cumsum()
    group = rows * _N_CUTS // max(1, rows[-1])
    cut = frequent[1:] | frequent[:-1] | (group[1:] > group[:-1])
    if len(distinct) <= _N_CUTS:
        cut[:] = True
    (places,) = cut.nonzero()
    low, high = distinct[places].astype(np.float64), distinct[places + 1].astype(np.float64)
    return Cuts(distinct[places], (low + high) / 2)


@dataclass(frozen=True, eq=False)
class TreeTarget:
    """A task's labels as trees read them.

    Parameters
    ----------
    rows : array of shape (m,), int64
        Rows of the source that are labelled.
    values : array of shape (m, c), float64
        Numbers, or an indicator per class; NaN where a cell is missing.
    weight : array of shape (m,), float64
    """

    rows: np.ndarray
    values: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over the rows below every cut, (…, n_codes + 1): rows, weights, weighted labels."""

    rows: Int64[np.ndarray, " b"]
    weights: Float64[np.ndarray, "c b"]
    labels: Float64[np.ndarray, "c b"]


def tree_thresholds(
    codes: Int64[np.ndarray, " n"], cuts: Cuts, target: TreeTarget, most_leaves: int
) -> tuple[Shaped[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Thresholds of a tree of one column, and the share of the impurity that each explains.

    The best comes first. None if the labels do not vary.
    """
    sums, impurity = _sums(codes[target.rows], len(cuts.below) + 1, target)
    if not impurity > 0.0:
        return np.empty(0), np.empty(0)
    least = max(16, len(target.rows) // 1000)
    splits = list(_best_first(sums, least, _LEAST_GAIN * impurity, most_leaves))
    gains = np.array([gain for gain, _ in splits]) / impurity
    order = np.argsort(-gains, kind="stable")
    places = np.array([place for _, place in splits], dtype=np.int64)[order]
    return cuts.thresholds[places], np.minimum(gains[order], 1.0)


def _sums(codes: Int64[np.ndarray, " m"], n_codes: int, target: TreeTarget) -> tuple[_Sums, float]:
    """Sums below every cut, and the impurity of all rows."""
    weights, labels, impurity = [], [], 0.0
    for column in target.values.T:
        known = ~np.isnan(column)
        weight = np.where(known, target.weight, 0.0)
        label = np.where(known, column, 0.0)
        weights.append(np.bincount(codes, weight, n_codes))
        labels.append(np.bincount(codes, weight * label, n_codes))
        total = weight.sum()
        if total > 0.0:
            impurity += float(weight @ (label - weight @ label / total) ** 2)
    rows = np.bincount(codes, minlength=n_codes)
    return _Sums(_below(rows), _below(np.stack(weights)), _below(np.stack(labels))), impurity


def _below(sums: Shaped[np.ndarray, " *c n"]) -> Shaped[np.ndarray, " *c b"]:
    return np.concatenate([np.zeros_like(sums[..., :1]), sums.cumsum(axis=-1)], axis=-1)


def _best_first(
    sums: _Sums, least_rows: int, least_gain: float, most_leaves: int
) -> Iterator[tuple[float, int]]:
    """Gain and cut of every split, in the order in which a tree grows."""
    leaves = [_best_split(sums, 0, len(sums.rows) - 1, least_rows)]
    for n_leaves in range(2, most_leaves + 1):
        gain, first, last, place = heapq.heappop(leaves)
        if -gain <= least_gain:
            return
        yield -gain, place - 1
        if n_leaves == most_leaves:
            return
        heapq.heappush(leaves, _best_split(sums, first, place, least_rows))
        heapq.heappush(leaves, _best_split(sums, place, last, least_rows))


def _best_split(sums: _Sums, first: int, last: int, least_rows: int) -> tuple[float, int, int, int]:
    """The best split of a leaf: minus its gain, the leaf's ends, and where it is split."""
    rows = sums.rows[first : last + 1]
    low = first + int(rows.searchsorted(rows[0] + least_rows))
    high = first + int(rows.searchsorted(rows[-1] - least_rows, side="right"))
    if low >= high:
        return 0.0, first, last, first
    labels, weights = sums.labels[:, low:high], sums.weights[:, low:high]
    start, end = slice(first, first + 1), slice(last, last + 1)
    below = _explained(labels - sums.labels[:, start], weights - sums.weights[:, start])
    above = _explained(sums.labels[:, end] - labels, sums.weights[:, end] - weights)
    explained = below + above
    best = int(explained.argmax())
    all_labels = sums.labels[:, end] - sums.labels[:, start]
    whole = _explained(all_labels, sums.weights[:, end] - sums.weights[:, start])[0]
    return float(whole - explained[best]), first, last, low + best


def _explained(
    labels: Float64[np.ndarray, " c *n"], weights: Float64[np.ndarray, " c *n"]
) -> Float64[np.ndarray, " *n"]:
    """What the mean of some rows explains of their squared labels, in all cells."""
    explained = labels * labels / np.maximum(weights, _LEAST_WEIGHT)
    return explained[0] if len(explained) == 1 else explained.sum(axis=0)
