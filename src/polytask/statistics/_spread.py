"""Variances of means, with their degrees of freedom and Student's t."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

__all__ = [
    "ROUNDING",
    "Numbers",
    "Spread",
    "flat",
    "of_seeds",
    "of_splits",
    "of_units",
    "quantile",
    "sum_of_levels",
    "tailed",
    "with_seeds",
    "within_splits",
]


ROUNDING = 1e-12
"""Relative size up to which a spread is one of rounding alone."""
Numbers = float | np.ndarray
"""One number, or one per study, so that simulations are vectorised."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Variance of an estimate with its degrees of freedom; 0 degrees if the variance is unknown."""

    variance: Numbers
    degrees: Numbers

    @property
    def known(self) -> np.ndarray:
        """Whether the variance is known."""
        return np.asarray(np.asarray(self.degrees) > 0)

    @property
    def error(self) -> Numbers:
        """The standard error."""
        return np.asarray(np.sqrt(self.variance))

    def half_width(self, level: float) -> Numbers:
        """Half the width of the t interval of a level."""
        return quantile(level, self.degrees) * self.error

    def p_value(self, value: Numbers) -> Numbers:
        """Two-sided p-value of “the estimate's expectation is 0”; 1 if the variance is unknown."""
        size = np.abs(np.asarray(value, dtype=np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):
            tail = 2 * special.stdtr(self.degrees, -size / self.error)
        return np.where((size > 0) & self.known, tail, 1.0)


def quantile(level: float, degrees: Numbers) -> Numbers:
    """Value that |t| exceeds with probability 1 − level; of the normal for infinite degrees."""
    finite = np.where(np.isfinite(degrees) & (np.asarray(degrees) > 0), degrees, 1.0)
    below = (1 + level) / 2
    quantiles = np.where(np.isinf(degrees), special.ndtri(below), special.stdtrit(finite, below))
    return np.where(np.asarray(degrees) > 0, quantiles, np.inf)


def of_units(
    amounts: Float[np.ndarray, "*studies units"],
    positive: Bool[np.ndarray, "*studies units"] | None = None,
) -> Spread:
    """Spread of a sum of contributions of independent units.

    Parameters
    ----------
    amounts : array of shape (units,), or (studies, units)
    positive : array of shape (units,), or (studies, units), optional
        Class of each unit, if the sum is one of class means; the variance is then taken within
        classes that have at least two units each.
    """
    n = amounts.shape[-1]
    if n < 2:
        nothing = np.zeros(amounts.shape[:-1])
        return Spread(nothing, nothing)
    variance = _variance(amounts, np.ones(amounts.shape, dtype=np.bool_))
    if positive is not None:
        smaller = np.minimum(positive.sum(axis=-1), (~positive).sum(axis=-1))
        by_class = _variance(amounts, positive) + _variance(amounts, ~positive)
        variance = np.where(smaller > 1, by_class, variance)
    return Spread(variance, np.full(np.shape(variance), n - 1.0))


def _variance(amounts: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Variance of the sum over the kept units."""
    n = kept.sum(axis=-1)
    mean = (amounts * kept).sum(axis=-1, keepdims=True) / np.maximum(n, 1)[..., None]
    return np.asarray((kept * np.square(amounts - mean)).sum(axis=-1) * n / np.maximum(n - 1, 1))


def within_splits(spread: Spread, n_units: int, per_split: Sequence[int]) -> Spread:
    """Spread of a mean over splits, where contributions are centred within each split.

    Each split takes a degree of freedom, the first of which `of_units` takes into account. If each
    split has a single unit, the variance is unknown. Splits that test the same units again take no
    further degree of freedom.

    Parameters
    ----------
    spread : Spread
        See `of_units`.
    n_units : int
    per_split : sequence of int
        Number of units in each split.
    """
    left = n_units * (1 - len(per_split) / sum(per_split))
    if left < 1:
        return Spread(0.0, 0.0)
    return Spread(spread.variance * (n_units - 1) / left, left)


def flat(spread: Spread, amounts: Float[np.ndarray, " units"]) -> bool:
    """Whether units vary only by rounding, which is uninformative if they are few.

    Parameters
    ----------
    spread : Spread
    amounts : array of shape (units,)
        Contributions to a share, or to a relative gain, so that 1 is their scale.
    """
    return bool(spread.known and spread.error <= ROUNDING * max(1.0, np.abs(amounts).sum()))


def tailed(spread: Spread, amounts: Float[np.ndarray, "*studies units"]) -> Spread:
    r"""Reduce the degrees of freedom for contributions with heavy tails.

    A variance of n numbers with the excess kurtosis :math:`\kappa` is known to
    :math:`2 / (\kappa / n + 2 / (n - 1))` degrees of freedom [1]_. Rare large amounts, such as log
    losses of an overconfident learner, occur in few samples, so that Student's t with n − 1 degrees
    is overconfident too.

    Parameters
    ----------
    spread : Spread
        See `of_units`.
    amounts : array of shape (units,), or (studies, units)

    Notes
    -----
    The sample's kurtosis, if positive, is multiplied by 0.75 + 70 / n², at most by 1.5: small
    samples underestimate it, while a larger factor lowers the power below 0.9 of Student's at 50
    units. The three constants were found by simulation.

    References
    ----------
    .. [1] Shoemaker, *Fixing the F test for equal variances*, The American Statistician 2003.
    """
    n = amounts.shape[-1]
    if n < 4:
        return spread
    centred = amounts - amounts.mean(axis=-1, keepdims=True)
    largest = np.abs(centred).max(axis=-1, keepdims=True)
    scaled = np.divide(centred, largest, out=np.zeros_like(centred), where=largest > 0)
    square, fourth = (np.power(scaled, power).mean(axis=-1) for power in (2, 4))
    plain = np.divide(fourth, square**2, out=np.full_like(square, 3.0), where=square > 0) - 3
    excess = np.maximum((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * plain + 6), 0.0)
    excess *= min(0.75 + 70 / n**2, 1.5)
    return Spread(spread.variance, 2 / (excess / n + 2 / np.asarray(spread.degrees)))


def of_seeds(by_split: Sequence[Sequence[Numbers]]) -> Spread:
    """Spread over seeds of a mean over splits of means over seeds; none where these differ by rounding."""
    levels = []
    for runs in by_split:
        if len(runs) > 1:
            values = np.asarray(runs)
            differ = np.ptp(values, axis=0) > ROUNDING * np.abs(values).max(axis=0)
            variance = np.where(differ, np.var(values, axis=0, ddof=1), 0.0)
            levels.append(Spread(variance / len(runs) / len(by_split) ** 2, len(runs) - 1.0))
    return sum_of_levels(levels)


def with_seeds(units: Spread, seeds: Spread) -> Spread:
    """Sum of both levels; unknown if that of units is."""
    both = sum_of_levels([units, seeds])
    return Spread(
        np.where(units.known, both.variance, 0.0), np.where(units.known, both.degrees, 0.0)
    )


def of_splits(per_split: Sequence[Numbers], test_per_train: float | None) -> Spread:
    r"""Spread of a mean over splits with overlapping training rows, :math:`(1/J + n_2/n_1) \, s^2`.

    References
    ----------
    Nadeau & Bengio, *Inference for the generalization error*, Machine Learning 2003; for
    repeated folds, Bouckaert & Frank, *Evaluating the replicability of significance tests for
    comparing learning algorithms*, PAKDD 2004.
    """
    n = len(per_split)
    ratio = 1 / (n - 1) if test_per_train is None else test_per_train
    return Spread((1 / n + ratio) * np.var(np.asarray(per_split), axis=0, ddof=1), n - 1.0)


def sum_of_levels(levels: Iterable[Spread]) -> Spread:
    """The sum of independent levels, with Satterthwaite's degrees of freedom.

    Levels of unknown variance are left out.

    References
    ----------
    Satterthwaite, *An approximate distribution of estimates of variance components*, Biometrics
    Bulletin 1946.
    """
    total, below, largest = np.zeros(()), np.zeros(()), np.zeros(())
    for level in levels:
        variance = np.where(level.known, level.variance, 0.0)
        total = total + variance
        largest = np.maximum(largest, level.degrees)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = below + np.where(variance > 0, np.square(variance) / level.degrees, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Spread(total, np.where(below > 0, np.square(total) / below, largest))
