"""Metrics between 0 and 1 with their spread over units and seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._runs import Runs, added_by_value
from polytask.statistics._spread import Spread, of_seeds, together
from polytask.statistics._units import carrying
from polytask.statistics._wilson import Share

__all__ = ["effective_units", "over_units", "share_of"]


def share_of(metric: Metric, answers: Sequence[Answers], runs: Runs) -> Share:
    """The mean over runs and splits."""
    amounts = added_by_value(metric, answers).amounts
    n_units = effective_units(metric, answers)
    spread = together([over_units(amounts, n_units), of_seeds(runs.by_split)])
    return Share(float(np.mean(runs.means)), spread, n_units)


def effective_units(metric: Metric, answers: Sequence[Answers]) -> float:
    """Units of equal weight that carry as much as those of all splits."""
    return float(sum(carrying(metric, one).effective for one in answers))


def over_units(amounts: np.ndarray, n_units: float) -> Spread:
    """Variance of a sum of what units add, when so many determine it."""
    degrees = max(n_units - 1, 0.0)
    if degrees == 0:
        return Spread(0.0, 0.0)
    return Spread(float(np.square(amounts).sum()) * n_units / degrees, degrees)
