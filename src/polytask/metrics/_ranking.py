"""Areas under curves from presorted scores, under many weights of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Real

__all__ = ["Ranking"]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows sorted once by score, highest first, so that weights can change cheaply.

    Attributes
    ----------
    order : array of shape (n,)
        Rows by falling score.
    positive : array of shape (n,)
        Whether the rows are positive, in that order.
    last : array of shape (n_scores,)
        Position of the last row of each distinct score, in that order.
    """

    order: Int64[np.ndarray, " n"]
    positive: Bool[np.ndarray, " n"]
    last: Int64[np.ndarray, " scores"]

    @classmethod
    def of(cls, truth: Float64[np.ndarray, " n"], scores: Float64[np.ndarray, " n"]) -> Ranking:
        """Sort rows by score."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        return cls(order, truth[order] == 1, last)

    def cumulated(
        self, weight: Real[np.ndarray, " n"]
    ) -> tuple[Float64[np.ndarray, " scores"], Float64[np.ndarray, " scores"]]:
        """Weight of the positive and of the negative rows down to each distinct score."""
        ranked = weight[self.order].astype(np.float64)
        positives = np.cumsum(np.where(self.positive, ranked, 0.0))[self.last]
        negatives = np.cumsum(np.where(self.positive, 0.0, ranked))[self.last]
        return positives, negatives

    def roc_auc(self, weight: Real[np.ndarray, " n"]) -> float:
        """Area under the receiver operating characteristic; NaN if only one class has weight."""
        positives, negatives = self.cumulated(weight)
        area = positives[-1] * negatives[-1]
        if not area > 0:
            return np.nan
        # Trapezoids: each step right (negatives) under the mean height (positives).
        heights = positives + np.concatenate(([0.0], positives[:-1]))
        return min(1.0, float(np.diff(negatives, prepend=0.0) @ heights / (2 * area)))

    def average_precision(self, weight: Real[np.ndarray, " n"]) -> float:
        """Mean precision over steps of recall; NaN if only one class has weight."""
        positives, negatives = self.cumulated(weight)
        if not positives[-1] * negatives[-1] > 0:
            return np.nan
        everything = positives + negatives
        precision = np.divide(positives, everything, out=everything, where=everything > 0)
        return min(1.0, float(np.diff(positives, prepend=0.0) @ precision / positives[-1]))
