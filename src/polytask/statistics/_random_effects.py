"""The population behind many small effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy import optimize, stats

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["RandomEffects", "random_effects"]


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """A population of effects of which some were measured with noise.

    Attributes
    ----------
    mean : float
        Mean effect in the population.
    interval : (low, high)
        Hartung–Knapp interval of the mean.
    p : float
        Two-sided p of “the mean effect is 0”.
    tau2 : float
        Variance of the effects in the population, by REML.
    prediction : (low, high)
        Where the effect of one more task lies, with the given level.
    shrunken : array of shape (k,)
        Best guess of each effect: pulled towards the mean as far as its noise demands.
    share_positive : float
        Expected share of the measured tasks whose effect is above 0.
    """

    mean: float
    interval: tuple[float, float]
    p: float
    tau2: float
    prediction: tuple[float, float]
    shrunken: Float64[np.ndarray, " k"]
    share_positive: float


def random_effects(
    values: Float[np.ndarray, " k"], variances: Float[np.ndarray, " k"], level: float = 0.95
) -> RandomEffects:
    r"""Mean and spread of a population of effects, from measured ones and their variances.

    Parameters
    ----------
    values : array of shape (k,)
        Effects, such as relative gains of tasks; at least two.
    variances : array of shape (k,)
        Their sampling variances, positive.
    level : float

    Returns
    -------
    RandomEffects

    References
    ----------
    Viechtbauer, *Bias and efficiency of meta-analytic variance estimators*, JEBS 2005 (REML);
    Knapp & Hartung, *Improved tests for a random effects meta-regression*, Statistics in
    Medicine 2003; Higgins, Thompson & Spiegelhalter, *A re-evaluation of random-effects
    meta-analysis*, JRSS A 2009 (prediction interval).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.statistics import random_effects
    >>> found = random_effects(np.array([0.1, 0.3, 0.2, 0.4]), np.full(4, 0.01))
    >>> round(found.mean, 6)
    0.25
    """
    k = len(values)
    if k < 2 or len(variances) != k:
        expected = "at least two values, each with its variance"
        raise ParameterError(message("random_effects", "values", expected, values))
    y, v = np.asarray(values, np.float64), np.asarray(variances, np.float64)
    tau2 = _reml(y, v)
    weight = 1 / (v + tau2)
    mean = float(weight @ y / weight.sum())
    spread = float(weight @ np.square(y - mean) / (k - 1) / weight.sum())
    half = float(stats.t.ppf((1 + level) / 2, k - 1)) * np.sqrt(spread)
    wide = float(stats.t.ppf((1 + level) / 2, max(k - 2, 1))) * np.sqrt(tau2 + spread)
    shrink = tau2 / (tau2 + v)
    shrunken = mean + shrink * (y - mean)
    deviation = np.sqrt(shrink * v)
    certain = deviation == 0
    sure = np.where(shrunken == 0, 0.0, np.copysign(np.inf, shrunken))
    scores = np.divide(shrunken, deviation, out=sure, where=~certain)
    return RandomEffects(
        mean=mean,
        interval=(mean - half, mean + half),
        p=float(2 * stats.t.sf(abs(mean) / np.sqrt(spread), k - 1)) if spread else float(not mean),
        tau2=tau2,
        prediction=(mean - wide, mean + wide),
        shrunken=shrunken,
        share_positive=float(np.mean(stats.norm.cdf(scores))),
    )


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    """The variance that maximises the restricted likelihood."""

    def negative(tau2: float) -> float:
        weight = 1 / (v + tau2)
        mean = weight @ y / weight.sum()
        return float(-np.log(weight).sum() + np.log(weight.sum()) + weight @ np.square(y - mean))

    most = float(np.var(y) * 4 + v.max())
    grid = np.concatenate([[0.0], most * np.geomspace(1e-8, 1, 60)])
    best = int(np.argmin([negative(one) for one in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(negative, bounds=(low, high), method="bounded")
    return float(found.x) if found.fun < negative(0.0) else 0.0
