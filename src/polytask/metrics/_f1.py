"""Harmonic mean of precision and recall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._best_constant import above_half
from polytask.metrics._decisions import (
    class_totals,
    decisions,
    one_class,
)
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel

__all__ = ["F1"]


@dataclass(frozen=True)
class F1(Metric):
    """Harmonic mean of precision and recall.

    Of the positive class for binary targets; macro otherwise: the mean over the classes that
    occur (multiclass), or over the columns (multilabel). Undefined where only one class occurs.

    Notes
    -----
    scikit-learn's macro average also counts, with 0, classes that are predicted but never
    occur.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import F1
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 1.0, 1.0]), np.array([0.9, 0.9, 0.1])
    >>> F1().score(truth, probability, FittedTarget(("y",), ("no", "yes"))).value
    0.5
    """

    name: ClassVar[str] = "f1"
    label: ClassVar[str] = "F1"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    decides: ClassVar[bool] = True

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """2 right decisions / (rows of the class + decisions for it), per class."""
        del fitted
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        true, decided, right = class_totals(truth, response, weight)
        counted = true > 0
        if response.ndim == 1:  # the positive class alone
            counted[0] = False
        values = 2 * right[counted] / (true + decided)[counted]
        return MetricValue(float(values.mean()))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Each row counts in its own class, and in the one decided for."""
        del fitted
        true, decided, right = class_totals(truth, response, weight)
        counted = true > 0
        if response.ndim == 1:
            counted[0] = False
        share = counted / np.where(counted, true + decided, 1.0) / counted.sum()
        own, called = truth.astype(np.int64), decisions(response)
        lost = 2 * right * share * share * counted.sum()  # F1 of the class by its share
        gained = np.where(own == called, 2 * share[own], 0.0)
        return weight * (gained - lost[own] - lost[called])

    def constant(
        self,
        mean: Float64[np.ndarray, " *outputs"],
        truth: Float[np.ndarray, " n *columns"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " *outputs"]:
        """The positive class for every row and column; of several classes the most frequent."""
        del weight, fitted
        one_of_several = mean.ndim > truth.ndim - 1
        return mean if one_of_several else above_half(mean)
