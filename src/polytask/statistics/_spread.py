"""The variance of a mean, its degrees of freedom, and Student's t."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

__all__ = [
    "Numbers",
    "Spread",
    "flat",
    "of_seeds",
    "of_splits",
    "of_units",
    "quantile",
    "tailed",
    "together",
    "with_seeds",
    "within_splits",
]


Numbers = float | np.ndarray
"""One number, or one for each of many studies, so that simulations take all at once."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Variance of an estimate, known to some degrees of freedom; 0 degrees if it cannot be told."""

    variance: Numbers
    degrees: Numbers

    @property
    def known(self) -> np.ndarray:
        """Whether there is a variance at all."""
        return np.asarray(np.asarray(self.degrees) > 0)

    @property
    def error(self) -> Numbers:
        """The standard error."""
        return np.asarray(np.sqrt(self.variance))

    def half_width(self, level: float) -> Numbers:
        """Half the width of the t interval of that level."""
        return quantile(level, self.degrees) * self.error

    def p_value(self, value: Numbers) -> Numbers:
        """Two-sided p of “the estimate's expectation is 0”; 1 if nothing can be told."""
        size = np.abs(np.asarray(value, dtype=np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):
            tail = 2 * special.stdtr(self.degrees, -size / self.error)
        return np.where((size > 0) & self.known, tail, 1.0)


def quantile(level: float, degrees: Numbers) -> Numbers:
    """What |t| exceeds with probability 1 − level; the normal one for infinite degrees."""
    finite = np.where(np.isfinite(degrees) & (np.asarray(degrees) > 0), degrees, 1.0)
    below = (1 + level) / 2
    found = np.where(np.isinf(degrees), special.ndtri(below), special.stdtrit(finite, below))
    return np.where(np.asarray(degrees) > 0, found, np.inf)


def of_units(
    amounts: Float[np.ndarray, "*studies units"],
    positive: Bool[np.ndarray, "*studies units"] | None = None,
) -> Spread:
    """Of a sum of what independent units add.

    Parameters
    ----------
    amounts : array of shape (units,), or (studies, units)
    positive : array of shape (units,), or (studies, units), optional
        The class of each unit, where the sum is one of each class's mean; each varies by itself,
        where it has two units.
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
    """Of the sum over the units kept, as they vary among themselves."""
    n = kept.sum(axis=-1)
    mean = (amounts * kept).sum(axis=-1, keepdims=True) / np.maximum(n, 1)[..., None]
    return np.asarray((kept * np.square(amounts - mean)).sum(axis=-1) * n / np.maximum(n - 1, 1))


def within_splits(spread: Spread, n_units: int, per_split: Sequence[int]) -> Spread:
    """Of a mean over splits, where what units add to each split is centred within it.

    Each split takes a degree of freedom, as one does that `of_units` allows for; where each has
    a single unit nothing can be told. Splits that test the same units again take none anew.

    Parameters
    ----------
    spread : Spread
        See `of_units`.
    n_units : int
    per_split : sequence of int
        How many of them each split has.
    """
    left = n_units * (1 - len(per_split) / sum(per_split))
    if left < 1:
        return Spread(0.0, 0.0)
    return Spread(spread.variance * (n_units - 1) / left, left)


def flat(spread: Spread, amounts: Float[np.ndarray, " units"]) -> bool:
    """Whether units vary in nothing but rounding, which says little where they are few."""
    return bool(spread.known and spread.error <= 1e-12 * np.abs(amounts).sum())


def tailed(spread: Spread, amounts: Float[np.ndarray, "*studies units"]) -> Spread:
    r"""Fewer degrees of freedom where what units add has heavy tails.

    A variance of n numbers with the excess kurtosis :math:`\kappa` is known to
    :math:`2 / (\kappa / n + 2 / (n - 1))` degrees of freedom [1]_. Rare large amounts, such as log
    losses of a learner that is too sure, are seen by few samples, so that Student's t with
    n − 1 degrees is too sure as well.

    Parameters
    ----------
    spread : Spread
        See `of_units`.
    amounts : array of shape (units,), or (studies, units)

    Notes
    -----
    The sample's kurtosis, where positive, counts 0.75 + 70 / n² times, at most 1.5 times: few
    numbers cannot show it, while more of it takes power below 0.9 of Student's at 50 units. The
    three numbers were found by simulation.

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
    """Of a mean over splits of means over seeds, as far as seeds within a split differ."""
    levels = [
        Spread(
            np.var(np.asarray(runs), axis=0, ddof=1) / len(runs) / len(by_split) ** 2,
            len(runs) - 1.0,
        )
        for runs in by_split
        if len(runs) > 1
    ]
    return together(levels)


def with_seeds(units: Spread, seeds: Spread) -> Spread:
    """Both levels; unknown where that of units is."""
    both = together([units, seeds])
    return Spread(
        np.where(units.known, both.variance, 0.0), np.where(units.known, both.degrees, 0.0)
    )


def of_splits(per_split: Sequence[Numbers], test_per_train: float | None) -> Spread:
    r"""Of a mean over splits whose training rows overlap: :math:`(1/J + n_2/n_1) \, s^2`.

    References
    ----------
    Nadeau & Bengio, *Inference for the generalization error*, Machine Learning 2003; for
    repeated folds, Bouckaert & Frank, *Evaluating the replicability of significance tests for
    comparing learning algorithms*, PAKDD 2004.
    """
    n = len(per_split)
    ratio = 1 / (n - 1) if test_per_train is None else test_per_train
    return Spread((1 / n + ratio) * np.var(np.asarray(per_split), axis=0, ddof=1), n - 1.0)


def together(levels: Iterable[Spread]) -> Spread:
    """The sum of independent levels, with Satterthwaite's degrees of freedom.

    Levels of unknown variance are left out.

    References
    ----------
    Satterthwaite, *An approximate distribution of estimates of variance components*, Biometrics
    Bulletin 1946.
    """
    total, below, most = np.zeros(()), np.zeros(()), np.zeros(())
    for level in levels:
        variance = np.where(level.known, level.variance, 0.0)
        total = total + variance
        most = np.maximum(most, level.degrees)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = below + np.where(variance > 0, np.square(variance) / level.degrees, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Spread(total, np.where(below > 0, np.square(total) / below, most))
