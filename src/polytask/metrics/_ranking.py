"""Areas under curves from rows sorted once, under many weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Real

__all__ = ["Ranking"]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows sorted by falling score, so that their weights can change cheaply.

    Attributes
    ----------
    order : array of shape (n,)
        Rows by falling score.
    negative : array of shape (n,)
        Whether the rows are negative, in that order.
    positives : array of shape (p,)
        Positions of the positive rows in that order.
    above, reached : array of shape (p,)
        For each positive row, how many rows score higher, and how many at least as high.
    """

    order: Int64[np.ndarray, " n"]
    negative: Bool[np.ndarray, " n"]
    positives: Int64[np.ndarray, " p"]
    above: Int64[np.ndarray, " p"]
    reached: Int64[np.ndarray, " p"]

    @classmethod
    def of(cls, truth: Float64[np.ndarray, " n"], scores: Float64[np.ndarray, " n"]) -> Ranking:
        """Sort rows by score."""
        order = np.argsort(-scores)
        ranked, positive = scores[order], truth[order] == 1
        starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
        ends = np.append(starts[1:], len(ranked))
        positives = np.flatnonzero(positive)
        group = np.searchsorted(starts, positives, side="right") - 1
        return cls(order, ~positive, positives, starts[group], ends[group])

    def roc_auc(self, weight: Real[np.ndarray, " n"]) -> float:
        """Area under the receiver operating characteristic; NaN if only one class has weight."""
        positives, negatives = self._weights(weight)
        area = positives.sum() * negatives[-1]
        if not area > 0:
            return np.nan
        # Negative rows ahead of each positive one, ties counting half.
        ahead = (negatives[self.above] + negatives[self.reached]) / 2
        return float(np.clip(1 - positives @ ahead / area, 0.0, 1.0))

    def average_precision(self, weight: Real[np.ndarray, " n"]) -> float:
        """Mean precision over steps of recall; NaN if only one class has weight."""
        positives, negatives = self._weights(weight)
        if not positives.sum() * negatives[-1] > 0:
            return np.nan
        steps = np.flatnonzero(np.append(self.reached[1:] != self.reached[:-1], True))
        found = np.cumsum(positives)[steps]
        reached = found + negatives[self.reached[steps]]
        precision = np.divide(found, reached, out=np.zeros_like(found), where=reached > 0)
        return float(min(1.0, np.diff(found, prepend=0.0) @ precision / found[-1]))

    def _weights(
        self, weight: Real[np.ndarray, " n"]
    ) -> tuple[Float64[np.ndarray, " p"], Float64[np.ndarray, " n_and_one"]]:
        """Weights of the positive rows, and of the first 0, 1, … n rows' negative ones."""
        ranked = weight[self.order].astype(np.float64)
        negatives = np.zeros(len(ranked) + 1)
        np.cumsum(ranked * self.negative, out=negatives[1:])
        return ranked[self.positives], negatives
