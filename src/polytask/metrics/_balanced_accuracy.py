"""Mean recall of the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._decisions import (
    class_totals,
    decisions,
    one_class,
)
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Ordinal

__all__ = ["BalancedAccuracy"]


@dataclass(frozen=True)
class BalancedAccuracy(Metric):
    """Mean recall over the classes that occur; for multilabel the mean over the columns.

    Undefined where only one class occurs.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import BalancedAccuracy
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(4)
    >>> BalancedAccuracy().score(truth, probability, FittedTarget(("y",), ("no", "yes"))).value
    0.5
    """

    name: ClassVar[str] = "balanced_accuracy"
    label: ClassVar[str] = "balanced accuracy"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel, Ordinal)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    within_classes: ClassVar[bool] = True
    decides: ClassVar[bool] = True

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """Mean share of right decisions per class."""
        del fitted
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        true, _, right = class_totals(truth, response, weight)
        recalls = right[true > 0] / true[true > 0]
        return MetricValue(float(recalls.mean()))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Whether each row is right, less the recall of its class, by its share of the class."""
        del fitted
        true, _, right = class_totals(truth, response, weight)
        code = truth.astype(np.int64)
        recall = right[code] / true[code]
        share = weight / true[code] / np.count_nonzero(true)
        return share * ((decisions(response) == truth) - recall)
