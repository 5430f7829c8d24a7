"""The variance of a mean, its degrees of freedom, and Student's t."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

__all__ = ["Spread", "of_seeds", "of_splits", "of_units", "quantile", "together"]


@dataclass(frozen=True)
class Spread:
    """Variance of an estimate, known to some degrees of freedom; none if it cannot be told."""

    variance: float
    degrees: float

    @property
    def known(self) -> bool:
        """Whether there is a variance at all."""
        return self.degrees > 0

    def half_width(self, level: float) -> float:
        """Half the width of the t interval of that level."""
        return quantile(level, self.degrees) * float(np.sqrt(self.variance))

    def p_value(self, value: float) -> float:
        """Two-sided p of “the estimate's expectation is 0”; 1 if nothing can be told."""
        if value == 0 or not self.known:
            return 1.0
        if self.variance == 0:
            return 0.0
        return float(2 * special.stdtr(self.degrees, -abs(value) / np.sqrt(self.variance)))


def quantile(level: float, degrees: float) -> float:
    """What |t| exceeds with probability 1 − level."""
    if degrees <= 0:
        return np.inf
    if np.isinf(degrees):
        return float(special.ndtri((1 + level) / 2))
    return float(special.stdtrit(degrees, (1 + level) / 2))


def of_units(amounts: Float[np.ndarray, " units"]) -> Spread:
    """Of a sum of what independent units add."""
    n = len(amounts)
    if n < 2:
        return Spread(0.0, 0.0)
    return Spread(float(np.square(amounts - amounts.mean()).sum() * n / (n - 1)), n - 1.0)


def of_seeds(per_run: Sequence[Sequence[float]]) -> Spread:
    """Of a mean over splits of means over seeds, as far as seeds within a split differ."""
    levels = [
        Spread(float(np.var(runs, ddof=1)) / len(runs) / len(per_run) ** 2, len(runs) - 1.0)
        for runs in per_run
        if len(runs) > 1
    ]
    return together(levels) if levels else Spread(0.0, 0.0)


def of_splits(per_split: Sequence[float], test_per_train: float | None) -> Spread:
    r"""Of a mean over splits whose training rows overlap: :math:`(1/J + n_2/n_1) \, s^2`.

    References
    ----------
    Nadeau & Bengio, *Inference for the generalization error*, Machine Learning 2003; for
    repeated folds, Bouckaert & Frank, *Evaluating the replicability of significance tests for
    comparing learning algorithms*, PAKDD 2004.
    """
    n = len(per_split)
    ratio = 1 / (n - 1) if test_per_train is None else test_per_train
    return Spread(float((1 / n + ratio) * np.var(per_split, ddof=1)), n - 1.0)


def together(levels: Iterable[Spread]) -> Spread:
    """The sum of independent levels, with Satterthwaite's degrees of freedom.

    References
    ----------
    Satterthwaite, *An approximate distribution of estimates of variance components*, Biometrics
    Bulletin 1946.
    """
    known = [level for level in levels if level.known]
    if not known:
        return Spread(0.0, 0.0)
    total = sum(level.variance for level in known)
    below = sum(level.variance**2 / level.degrees for level in known)
    if below == 0:
        return Spread(total, max(level.degrees for level in known))
    return Spread(total, total**2 / below)
