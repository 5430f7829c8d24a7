"""Share of right decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._decisions import decisions
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Ordinal

__all__ = ["Accuracy"]


@dataclass(frozen=True)
class Accuracy(RowwiseMetric):
    """Share of rows whose decision is right; for multilabel the mean share over the columns.

    Notes
    -----
    scikit-learn counts a multilabel row as right only if all its cells are; here cells may be
    missing, and each column is measured on its own. Of grades the likeliest is compared, which has
    the highest expected accuracy, where the decision that is predicted is the median grade.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import Accuracy
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 1.0, 1.0, np.nan]), np.array([0.2, 0.9, 0.4, 0.1])
    >>> Accuracy().score(truth, probability, FittedTarget(("y",), ("no", "yes"))).value
    0.6666666666666666
    """

    name: ClassVar[str] = "accuracy"
    label: ClassVar[str] = "accuracy"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel, Ordinal)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Multiclass,)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    zero_one: ClassVar[bool] = True
    decides: ClassVar[bool] = True

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """1 where the decision is right."""
        del fitted
        return (decisions(response) == truth).astype(np.float64)
