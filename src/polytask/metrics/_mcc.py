"""Correlation of decisions with true classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._decisions import class_totals, decisions, one_class
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel

__all__ = ["MCC"]


@dataclass(frozen=True)
class MCC(Metric):
    r"""Matthews correlation coefficient of decisions and true classes; Gorodkin's for several.

    .. math:: \frac{c - \sum_k t_k p_k}{\sqrt{(1 - \sum_k p_k^2) (1 - \sum_k t_k^2)}}

    with the share c of right decisions and, of each class k, the shares :math:`t_k` of its rows and
    :math:`p_k` of the decisions for it. It is 1 for right decisions alone and 0 for decisions that are
    independent of the truth, however rare a class is. For multilabel the mean over the columns.
    Undefined where only one class occurs.

    Notes
    -----
    As in scikit-learn it is 0 where all decisions are for one class. scikit-learn gives 0, too,
    where only one class occurs.

    References
    ----------
    Matthews, "Comparison of the predicted and observed secondary structure of T4 phage lysozyme",
    BBA 1975. Gorodkin, "Comparing two K-category assignments by a K-category correlation
    coefficient", Computational Biology and Chemistry 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MCC
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.9, 0.3])
    >>> round(MCC().score(truth, probability, FittedTarget(("y",), ("no", "yes"))).value, 3)
    0.577
    """

    name: ClassVar[str] = "mcc"
    label: ClassVar[str] = "MCC"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel)
    greater_is_better: ClassVar[bool] = True
    positive_scale: ClassVar[bool] = False
    best: ClassVar[float | None] = 1.0
    decides: ClassVar[bool] = True

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The correlation, from the counts of classes and decisions."""
        del fitted
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        true, decided, right = class_totals(truth, response, weight) / weight.sum()
        spread = _spread(true) * _spread(decided)
        covariance = right.sum() - true @ decided
        return MetricValue(float(covariance / np.sqrt(spread)) if spread > 0 else 0.0)

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """What each row adds to the covariance, less what it adds to both spreads."""
        del fitted
        total = weight.sum()
        true, decided, right = class_totals(truth, response, weight) / total
        spreads = _spread(true), _spread(decided)
        if min(spreads) <= 0:
            return np.zeros(len(truth))
        own, called = truth.astype(np.int64), decisions(response)
        covariance, agreed = right.sum() - true @ decided, true @ decided
        added = ((own == called) - right.sum()) - (decided[own] + true[called] - 2 * agreed)
        lost = -2 * (true[own] - true @ true) / spreads[0]
        lost -= 2 * (decided[called] - decided @ decided) / spreads[1]
        root = np.sqrt(spreads[0] * spreads[1])
        return weight / total * (added - covariance / 2 * lost) / root


def _spread(shares: Float64[np.ndarray, " classes"]) -> float:
    """Probability that two independent rows differ; 0 for one class alone, whatever is rounded."""
    return float(1 - shares @ shares) if np.count_nonzero(shares) > 1 else 0.0
