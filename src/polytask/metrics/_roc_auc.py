"""Area under the receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._decisions import one_class
from polytask.metrics._levels import levels, middle_ranks
from polytask.metrics._metric import Metric, Part
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel

__all__ = ["ROCAUC"]


@dataclass(frozen=True)
class ROCAUC(Metric):
    """Probability that a positive row scores above a negative one, ties counting half.

    Multilabel: mean over the columns. Multiclass: mean over one-versus-rest areas of the
    classes, where rows of classes that training never saw belong to the rest. Columns and
    classes where only one class occurs are left out and named.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import ROCAUC
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("y",), ("no", "yes"))
    >>> ROCAUC().score(np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.6, 0.5]), target).value
    0.5
    >>> ROCAUC().score(np.zeros(12), np.linspace(0, 1, 12), target).undefined
    'only one class among the 12 labelled rows'
    """

    name: ClassVar[str] = "roc_auc"
    label: ClassVar[str] = "ROC-AUC"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Binary, Multilabel)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    within_classes: ClassVar[bool] = True

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """Columns, or classes against the rest."""
        if truth.ndim == response.ndim:
            yield from super().parts(truth, response, fitted)
            return
        for code, label in enumerate(fitted.classes):
            against = np.where(np.isfinite(truth), truth == code, np.nan)
            yield f"class {label!r}", against, response[:, code]

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The area, from ranks."""
        del fitted
        reason = one_class(truth)
        if reason is not None:
            return MetricValue(None, reason)
        placed, share = _placements(truth, response, weight)
        return MetricValue(float(np.clip((share * truth) @ placed, 0.0, 1.0)))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """The structural components of DeLong, DeLong & Clarke-Pearson (Biometrics 1988)."""
        del fitted
        placed, share = _placements(truth, response, weight)
        return share * (placed - (share * truth) @ placed)

    def comparable(self, response: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Twice the mid-ranks (Bandos, Rockette & Gur, Statistics in Medicine 2005)."""
        return middle_ranks(response)


def _placements(
    truth: Float64[np.ndarray, " n"],
    response: Float64[np.ndarray, " n"],
    weight: Float64[np.ndarray, " n"],
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Share of the other class that each row is on the right side of, and its own class's share."""
    level, positive = levels(response), truth == 1
    n_levels = int(level.max()) + 1
    at = np.stack([np.bincount(level, weight * which, n_levels) for which in (~positive, positive)])
    below = np.cumsum(at, axis=1) - at / 2
    totals = at.sum(axis=1)
    placed = np.where(positive, below[0][level] / totals[0], 1 - below[1][level] / totals[1])
    return placed, weight / totals[positive.astype(np.int64)]
