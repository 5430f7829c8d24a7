"""Random effects: the population behind many small effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy import optimize, special, stats

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.statistics._spread import Numbers

__all__ = ["RandomEffects", "random_effects"]

_QUANTILES = 200


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """Estimates of a population of effects, some of which were measured with noise.

    Attributes
    ----------
    mean : float
        Mean effect in the population.
    interval : (low, high)
        Hartung–Knapp interval of the mean.
    p : float
        Two-sided p-value of “the mean effect is 0”.
    tau2 : float
        Variance of the effects in the population, by REML.
    prediction : (low, high)
        Prediction interval of the effect of a further task.
    shrunken : array of shape (k,)
        Estimate of each effect, shrunken towards the mean according to its noise.
    share_positive : float
        Expected share of the measured tasks whose effect is above 0, given the measurements.
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
    r"""Estimate mean and variance of a population of effects from measured effects.

    The measurements are :math:`y_i = \theta_i + e_i` with :math:`\theta_i \sim N(\mu, \tau^2)` and
    :math:`e_i \sim N(0, v_i)`. With the weights :math:`w_i = 1 / (v_i + \tau^2)` the mean's squared
    error is :math:`\sum w_i (y_i - \hat\mu)^2 / ((k - 1) \sum w_i)`, and Student's t has k − 1
    degrees of freedom. Each effect is estimated as :math:`\hat\mu + s_i (y_i - \hat\mu)` with
    :math:`s_i = \tau^2 w_i` and a variance of :math:`s_i v_i` plus :math:`(1 - s_i)^2` times that
    of the mean.

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

    Notes
    -----
    The prediction interval and the share of positive effects do not treat the estimate of
    :math:`\tau^2`, which is often 0 for a few small tasks, as certain: they are averaged over its
    confidence distribution, as in [3]_, with the exact one of weighted squares [4]_ and without
    random numbers. With a fixed :math:`\tau^2`, prediction intervals of 95 % cover as little as
    82 %.

    References
    ----------
    .. [1] Viechtbauer, *Bias and efficiency of meta-analytic variance estimators*, Journal of
       Educational and Behavioral Statistics 2005 (REML).
    .. [2] Knapp & Hartung, *Improved tests for a random effects meta-regression*, Statistics in
       Medicine 2003.
    .. [3] Nagashima, Noma & Furukawa, *Prediction intervals for random-effects meta-analysis: a
       confidence distribution approach*, Statistical Methods in Medical Research 2019.
    .. [4] Viechtbauer, *Confidence intervals for the amount of heterogeneity in meta-analysis*,
       Statistics in Medicine 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.statistics import random_effects
    >>> effects = random_effects(np.array([0.1, 0.3, 0.2, 0.4]), np.full(4, 0.01))
    >>> round(effects.mean, 6)
    0.25
    """
    k = len(values)
    if k < 2 or len(variances) != k:
        expected = "at least two values, each with its variance"
        raise ParameterError(message("random_effects", "values", expected, values))
    y, v = np.asarray(values, np.float64), np.asarray(variances, np.float64)
    tau2 = _reml(y, v)
    estimate = _estimates(tau2, y, v)
    mean, error = float(estimate.mean), float(np.sqrt(estimate.square))
    half = float(special.stdtrit(k - 1, (1 + level) / 2)) * error
    credible = _estimates(_credible_tau2(y, v), y, v)
    return RandomEffects(
        mean=mean,
        interval=(mean - half, mean + half),
        p=float(2 * special.stdtr(k - 1, -abs(mean) / error)) if error else float(not mean),
        tau2=tau2,
        prediction=_prediction(credible, k - 1, level),
        shrunken=estimate.shrunken,
        share_positive=float(credible.positive.mean()),
    )


@dataclass(frozen=True, eq=False)
class _GivenTau2:
    """Estimates for a given τ², or for each of several."""

    tau2: Numbers
    mean: Numbers
    square: Numbers
    """Squared error of the mean."""
    shrunken: np.ndarray
    positive: np.ndarray
    """Probability that each effect is above 0."""


def _estimates(tau2: Numbers, y: np.ndarray, v: np.ndarray) -> _GivenTau2:
    tau2 = np.asarray(tau2)[..., None]
    weight = 1 / (v + tau2)
    total = weight.sum(axis=-1, keepdims=True)
    mean = (weight * y).sum(axis=-1, keepdims=True) / total
    around = (weight * np.square(y - mean)).sum(axis=-1, keepdims=True)
    square = around / (len(y) - 1) / total
    shrink = tau2 * weight
    shrunken = mean + shrink * (y - mean)
    deviation = np.sqrt(shrink * v + np.square(1 - shrink) * square)
    sure = np.where(shrunken == 0, 0.0, np.copysign(np.inf, shrunken))
    scores = np.divide(shrunken, deviation, out=sure, where=deviation > 0)
    return _GivenTau2(tau2[..., 0], mean[..., 0], square[..., 0], shrunken, special.ndtr(scores))


def _credible_tau2(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Equally credible τ², at which the weighted squares Q(τ²) are quantiles of χ²; 0 if none."""
    quantiles = stats.chi2.ppf((np.arange(_QUANTILES) + 0.5) / _QUANTILES, len(y) - 1)
    largest = float(np.square(y - y.mean()).sum() / quantiles[0])
    grid = np.concatenate([[0.0], largest * np.geomspace(1e-8, 1, 400)])
    weight = 1 / (v + grid[:, None])
    mean = (weight @ y) / weight.sum(axis=1)
    squares = (weight * np.square(y - mean[:, None])).sum(axis=1)
    return np.interp(quantiles, squares[::-1], grid[::-1])


def _prediction(credible: _GivenTau2, degrees: int, level: float) -> tuple[float, float]:
    """Quantiles of the mixture of Student's distributions, one per τ²."""
    scale = np.sqrt(credible.tau2 + credible.square)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        each = credible.mean + special.stdtrit(degrees, tail) * scale
        low, high = float(np.min(each)), float(np.max(each))

        def excess(end: float, tail: float = tail) -> float:
            with np.errstate(divide="ignore", invalid="ignore"):
                below = special.stdtr(degrees, (end - credible.mean) / scale)
            return float(np.nanmean(below)) - tail

        ends.append(optimize.brentq(excess, low, high) if scale.all() and low < high else low)
    return ends[0], ends[1]


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    """The τ² that maximises the restricted likelihood."""

    def negative(tau2: float) -> float:
        weight = 1 / (v + tau2)
        mean = weight @ y / weight.sum()
        return float(-np.log(weight).sum() + np.log(weight.sum()) + weight @ np.square(y - mean))

    largest = float(np.var(y) * 4 + v.max())
    grid = np.concatenate([[0.0], largest * np.geomspace(1e-8, 1, 60)])
    best = int(np.argmin([negative(tau2) for tau2 in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    optimum = optimize.minimize_scalar(
        negative, bounds=(low, high), method="bounded", options={"xatol": 1e-9 * largest}
    )
    return float(optimum.x) if optimum.fun < negative(0.0) else 0.0
