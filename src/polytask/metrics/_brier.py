"""Squared error of probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel

__all__ = ["Brier"]


@dataclass(frozen=True)
class Brier(RowwiseMetric):
    """Mean squared error of the probabilities: (p − y)² for two classes.

    For multiclass the sum over the classes (Brier's own form, in [0, 2]); for multilabel the
    mean over the columns.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import Brier
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    >>> Brier().score(truth, probability, FittedTarget(("y",), ("no", "yes"))).value
    0.25
    """

    name: ClassVar[str] = "brier"
    label: ClassVar[str] = "Brier score"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Squared distance of the probabilities from certainty of the true class."""
        del fitted
        if response.ndim == 1:
            return np.square(response - truth)
        certain = truth[:, None] == np.arange(response.shape[1])
        unseen = truth >= response.shape[1]  # in training, and so of probability 0
        return np.square(response - certain).sum(axis=1) + unseen
