"""From bootstrap replicates to intervals and p-values."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

__all__ = ["LEVEL", "interval", "p_value", "seed_noise"]

LEVEL = 0.95
_LEAST_DEFINED = 0.5


def interval(
    replicates: Float[np.ndarray, " b"], level: float = LEVEL
) -> tuple[float, float] | None:
    """Percentile interval of the defined replicates; None if fewer than half are defined."""
    defined = _defined(replicates)
    if defined is None:
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def p_value(replicates: Float[np.ndarray, " b"]) -> float | None:
    """Two-sided p-value of “the statistic is 0”, from its bootstrap replicates.

    It is 2 · (1 + the smaller number of replicates on one side of 0) / (1 + B): never 0, and
    below α when the percentile interval of level 1 − α leaves out 0.
    """
    defined = _defined(replicates)
    if defined is None:
        return None
    smaller = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return float(min(1.0, 2 * (1 + smaller) / (1 + defined.size)))


def _defined(replicates: np.ndarray) -> np.ndarray | None:
    defined = replicates[np.isfinite(replicates)]
    too_few = defined.size == 0 or defined.size < _LEAST_DEFINED * replicates.size
    return None if too_few else defined


def seed_noise(
    per_run: Float[np.ndarray, " runs"], size: int, seed: int = 0
) -> Float64[np.ndarray, " b"]:
    r"""What the choice of seeds adds to a mean over runs: :math:`t_{S-1} \, s / \sqrt{S}`.

    Parameters
    ----------
    per_run : array of shape (S,)
        The statistic of each run; NaN where undefined.
    size : int
        Number of replicates.
    seed : int

    Notes
    -----
    Drawing S seeds with replacement understates the spread of their mean: with three seeds all
    on one side of 0, every draw is, which happens by chance in one case of four. Student's t
    with S − 1 degrees of freedom states what S seeds can tell. One run adds nothing.
    """
    defined = per_run[np.isfinite(per_run)]
    runs = len(defined)
    if runs < 2:
        return np.zeros(size)
    spread = float(defined.std(ddof=1)) / np.sqrt(runs)
    return spread * np.random.default_rng([seed, runs]).standard_t(runs - 1, size=size)
