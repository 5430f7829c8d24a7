"""Metrics between 0 and 1, with their spread over units and seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._runs import Runs, mean_contributions
from polytask.statistics._spread import Numbers, Spread, of_seeds, with_seeds
from polytask.statistics._units import determining_units
from polytask.statistics._wilson import Share

__all__ = ["effective_units", "over_units", "share_of"]


def share_of(metric: Metric, answers: Sequence[Answers], runs: Runs) -> Share:
    """The metric's mean over runs and splits, with its spread and number of units."""
    amounts = mean_contributions(metric, answers).amounts
    n_units = effective_units(metric, answers)
    units = over_units(amounts, n_units, len(runs.by_split))
    spread = with_seeds(units, of_seeds(runs.by_split))
    return Share(float(np.mean(runs.means)), spread, n_units)


def effective_units(metric: Metric, answers: Sequence[Answers]) -> float:
    """Number of equally weighted units equivalent to those of all splits."""
    return float(sum(determining_units(metric, split).effective for split in answers))


def over_units(
    amounts: Float[np.ndarray, "*studies units"], n_units: Numbers, n_splits: int = 1
) -> Spread:
    """Spread of a sum of contributions that is determined by `n_units` units.

    Contributions are centred within each split, which takes a degree of freedom.
    """
    degrees = np.maximum(np.asarray(n_units) - n_splits, 0.0)
    squares = np.square(amounts).sum(axis=-1)
    variance = np.divide(squares * n_units, degrees, out=np.zeros_like(squares), where=degrees > 0)
    return Spread(variance, degrees)
