"""Metrics between 0 and 1 with their spread over units and seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._runs import Runs, added_by_value
from polytask.statistics._spread import Numbers, Spread, of_seeds, with_seeds
from polytask.statistics._units import carrying
from polytask.statistics._wilson import Share

__all__ = ["effective_units", "over_units", "share_of"]


def share_of(metric: Metric, answers: Sequence[Answers], runs: Runs) -> Share:
    """The mean over runs and splits."""
    amounts = added_by_value(metric, answers).amounts
    n_units = effective_units(metric, answers)
    units = over_units(amounts, n_units, len(runs.by_split))
    spread = with_seeds(units, of_seeds(runs.by_split))
    return Share(float(np.mean(runs.means)), spread, n_units)


def effective_units(metric: Metric, answers: Sequence[Answers]) -> float:
    """Units of equal weight that carry as much as those of all splits."""
    return float(sum(carrying(metric, one).effective for one in answers))


def over_units(
    amounts: Float[np.ndarray, "*studies units"], n_units: Numbers, n_splits: int = 1
) -> Spread:
    """Variance of a sum of what units add, where so many determine it.

    What they add is centred within each split, which takes a degree of freedom.
    """
    degrees = np.maximum(np.asarray(n_units) - n_splits, 0.0)
    squares = np.square(amounts).sum(axis=-1)
    found = np.divide(squares * n_units, degrees, out=np.zeros_like(squares), where=degrees > 0)
    return Spread(found, degrees)
