"""Agreement of grades beyond chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._decisions import one_class
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import FittedTarget, Kind, Ordinal, median_grades

__all__ = ["QuadraticKappa"]


@dataclass(frozen=True)
class QuadraticKappa(Metric):
    r"""Cohen's kappa of decisions and true grades with quadratic weights.

    .. math:: 1 - \frac{\sum_i (d_i - y_i)^2 / n}{\sum_{ij} (d_i - y_j)^2 / n^2}

    with the decisions d, which are median grades, and the true grades y, as positions. It is 1 for
    perfect agreement and 0 for the agreement of independent grades. Undefined where only one grade
    occurs.

    References
    ----------
    Cohen, "Weighted kappa", Psychological Bulletin 1968.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import QuadraticKappa
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 1.0, 2.0, 2.0]), np.eye(3)[[0, 1, 2, 1]]
    >>> target = FittedTarget(("risk",), ("low", "mid", "high"))
    >>> round(QuadraticKappa().score(truth, response, target).value, 3)
    0.8
    """

    name: ClassVar[str] = "quadratic_kappa"
    label: ClassVar[str] = "quadratic kappa"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Ordinal,)
    greater_is_better: ClassVar[bool] = True
    positive_scale: ClassVar[bool] = False
    best: ClassVar[float | None] = 1.0

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n grades"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """1 − disagreement / disagreement of independent grades."""
        del fitted
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        share, decided = weight / weight.sum(), median_grades(response)
        to_truth, _ = _distances(truth, decided, share)
        return MetricValue(float(1 - share @ np.square(decided - truth) / (share @ to_truth)))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n grades"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Each row's disagreement, against its part in that of independent grades."""
        del fitted
        share, decided = weight / weight.sum(), median_grades(response)
        to_truth, to_decided = _distances(truth, decided, share)
        errors = np.square(decided - truth)
        observed, chance = share @ errors, share @ to_truth
        part = to_truth + to_decided - 2 * chance
        return -share * (errors - observed - observed / chance * part) / chance


def _distances(
    truth: Float64[np.ndarray, " n"],
    decided: np.ndarray,
    share: Float64[np.ndarray, " n"],
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Mean squared distance of each decision from all truths, and of each truth from all decisions.

    The mean of either over the rows is the disagreement of independent grades.
    """
    center, middle = share @ truth, share @ decided
    spread = share @ np.square(truth - center)
    decided_spread = share @ np.square(decided - middle)
    return spread + np.square(decided - center), decided_spread + np.square(truth - middle)
