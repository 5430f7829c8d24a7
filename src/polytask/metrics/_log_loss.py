"""Negative log-likelihood of the true class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._decisions import true_class_probability
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Ordinal

__all__ = ["LogLoss"]

_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class LogLoss(RowwiseMetric):
    """Mean of −log p(true class), natural logarithm; for multilabel the mean over the columns.

    Notes
    -----
    As in scikit-learn, a probability below 2.2e-16 counts as 2.2e-16.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import LogLoss
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    >>> LogLoss().score(truth, probability, FittedTarget(("y",), ("no", "yes"))).value
    0.6931471805599453
    """

    name: ClassVar[str] = "log_loss"
    label: ClassVar[str] = "log loss"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel, Ordinal)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """−log p(true class)."""
        del fitted
        return -np.log(np.clip(true_class_probability(truth, response), _SMALLEST, 1.0))
