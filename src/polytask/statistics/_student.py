"""Student's t over two levels: units, and seeds or splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from polytask.statistics._jackknife import RunValues

__all__ = ["Noise", "half_width", "levels", "t_p_value"]


@dataclass(frozen=True)
class Noise:
    """Variance of a mean and its degrees of freedom; none where they cannot be told."""

    variance: float
    degrees: float


def levels(units: Mapping[int, float], values: RunValues) -> Noise:
    r"""Add the levels: units, and :math:`s^2 / S` of seeds, with Satterthwaite's degrees.

    References
    ----------
    Satterthwaite, *An approximate distribution of estimates of variance components*,
    Biometrics Bulletin 1946.
    """
    parts = [(float(np.sum(np.square(list(units.values())))), len(units) - 1)]
    for runs in values.by_split:
        if len(runs) > 1:
            share = np.var(runs, ddof=1) / len(runs) / len(values.by_split) ** 2
            parts.append((float(share), len(runs) - 1))
    total = sum(variance for variance, _ in parts)
    if parts[0][1] < 1:
        return Noise(np.inf, 1.0)
    below = sum(variance**2 / degrees for variance, degrees in parts)
    return Noise(total, total**2 / below if below else float(parts[0][1]))


def half_width(noise: Noise, level: float) -> float:
    """Half the width of the interval of that level."""
    return float(stats.t.ppf((1 + level) / 2, noise.degrees) * np.sqrt(noise.variance))


def t_p_value(value: float, noise: Noise) -> float:
    """Two-sided p of “the mean is 0”."""
    if not np.isfinite(noise.variance) or value == 0:
        return 1.0
    if noise.variance == 0:
        return 0.0
    return float(2 * stats.t.sf(abs(value) / np.sqrt(noise.variance), noise.degrees))
