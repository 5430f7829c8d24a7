"""Squared error of the cumulative probabilities of grades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import FittedTarget, Kind, Ordinal

__all__ = ["RankedProbabilityScore"]


@dataclass(frozen=True)
class RankedProbabilityScore(RowwiseMetric):
    r"""Mean squared error of the cumulative probabilities, summed over the grades.

    .. math:: \frac{1}{n} \sum_i \sum_{k=1}^{K-1} (P_i(y \le k) - [y_i \le k])^2

    with the probabilities P of grade k or below, and the true grades y. It is a proper score: the
    true probabilities have the smallest expected one. It is measured in grades: that of an answer
    that is certain is its distance from the truth, and so it is 0 for a perfect model.

    Notes
    -----
    Epstein divides by K − 1, which has no effect on relative changes. A grade that training did
    not have counts as one above all others, whose probability is 0.

    References
    ----------
    Epstein, "A scoring system for probability forecasts of ranked categories", Journal of Applied
    Meteorology 1969. Gneiting & Raftery, "Strictly proper scoring rules, prediction, and
    estimation", JASA 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import RankedProbabilityScore
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 2.0]), np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    >>> target = FittedTarget(("risk",), ("low", "mid", "high"))
    >>> RankedProbabilityScore().score(truth, response, target).value  # (0.25 + 2) / 2
    1.125
    """

    name: ClassVar[str] = "ranked_probability_score"
    label: ClassVar[str] = "RPS"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Ordinal,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Ordinal,)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n grades"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Squared distances of the cumulative probabilities from those of the true grade."""
        del fitted
        reached = np.cumsum(response, axis=1)
        certain = truth[:, None] <= np.arange(response.shape[1])
        return np.square(reached - certain).sum(axis=1)
