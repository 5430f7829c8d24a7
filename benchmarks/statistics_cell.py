"""One number, or a few, of a table; and the metrics that have such."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from statistics_batches import Batch

from polytask.metrics import (
    F1,
    MAE,
    NMSE,
    RMSE,
    ROCAUC,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    Brier,
    LogLoss,
    Metric,
)

__all__ = ["ALPHA", "METRICS", "Cell", "called"]

NUMBERS = (MAE(), NMSE(), RMSE())
CLASSES = (
    Accuracy(), AveragePrecision(), BalancedAccuracy(), Brier(), F1(), LogLoss(), ROCAUC(),
)  # fmt: skip
METRICS: tuple[tuple[Metric, float | None], ...] = (
    *((metric, None) for metric in NUMBERS),
    *((metric, 0.5) for metric in CLASSES),
    (AveragePrecision(), 0.05),
    (ROCAUC(), 0.05),
)
ALPHA = 0.05
_AT_ONCE = 2000


@dataclass(frozen=True)
class Cell:
    """One number, or a few, of a table.

    Attributes
    ----------
    part : str
        The table.
    metric : Metric
    prevalence : float or None
    column : str
        What is drawn, in words.
    count : callable
        From a generator of random numbers and a number of studies to sums by name, of which
        "studies" says how many were counted.
    """

    part: str
    metric: Metric
    prevalence: float | None
    column: str
    count: Callable[[np.random.Generator, int], dict[str, float]] = field(repr=False)

    @property
    def row(self) -> str:
        """The metric, with the prevalence where it is not one half."""
        rare = self.prevalence not in {None, 0.5}
        return f"{self.metric.name} ({self.prevalence})" if rare else self.metric.name

    @property
    def key(self) -> str:
        """What the results are kept under."""
        return f"{self.part}/{self.row}/{self.column}"

    def run(self, studies: int) -> dict[str, float]:
        """Count in portions that memory holds."""
        rng = np.random.default_rng(zlib.crc32(self.key.encode()))
        total: dict[str, float] = {}
        left = studies
        while left > 0:
            size = min(left, _AT_ONCE)
            for name, value in self.count(rng, size).items():
                total[name] = total.get(name, 0.0) + value
            left -= size
        return total


def called(batch: Batch) -> dict[str, float]:
    return {
        "studies": len(batch.p),
        "called": float((batch.p <= ALPHA).sum()),
        "tested": float(np.isfinite(batch.p).sum()),
    }
