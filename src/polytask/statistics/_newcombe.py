"""Newcombe's interval for the difference of two proportions on the same rows."""

from __future__ import annotations

import numpy as np

from polytask.statistics._spread import ROUNDING, Numbers, Spread
from polytask.statistics._wilson import Share, wilson

__all__ = ["newcombe"]

_PRIOR = 2.0


def newcombe(
    learner: Share, baseline: Share, difference: Spread, level: float
) -> tuple[Numbers, Numbers]:
    r"""Combine the single intervals, with the observed correlation of both models' errors.

    .. math:: D - \sqrt{(\theta_1 - l_1)^2 - 2 \rho (\theta_1 - l_1)(u_2 - \theta_2)
       + (u_2 - \theta_2)^2}

    and likewise above: method 10 of [1]_, for any metric in [2]_. The difference always lies in
    the interval, and the interval in [−1, 1].

    Parameters
    ----------
    learner, baseline : Share
    difference : Spread
        Spread of the difference, from which the correlation of errors follows.
    level : float

    References
    ----------
    .. [1] Newcombe, *Improved confidence intervals for the difference between binomial
       proportions based on paired data*, Statistics in Medicine 1998.
    .. [2] Zou & Donner, *Construction of confidence limits about effect measures*, Statistics in
       Medicine 2008.

    Examples
    --------
    >>> spread = Spread(0.004, 50.0)
    >>> low, high = newcombe(Share(0.9, spread, 40.0), Share(0.8, spread, 40.0), spread, 0.95)
    >>> float(low.round(2)), float(high.round(2))
    (-0.07, 0.23)
    """
    value = learner.value - baseline.value
    learner_low, learner_high = wilson(learner, level)
    baseline_low, baseline_high = wilson(baseline, level)
    rho = _correlation(learner.spread, baseline.spread, difference)
    below = _combined(learner.value - learner_low, baseline_high - baseline.value, rho)
    above = _combined(learner_high - learner.value, baseline.value - baseline_low, rho)
    return np.maximum(value - below, -1.0), np.minimum(value + above, 1.0)


def _correlation(learner: Spread, baseline: Spread, difference: Spread) -> Numbers:
    """Correlation from the three variances, reduced if they have few degrees of freedom.

    It is 0 if one of the models varies by rounding only, as the area of a constant does.
    """
    scale = np.asarray(2 * learner.error * baseline.error)
    vary = np.minimum(learner.error, baseline.error) > ROUNDING
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = (learner.variance + baseline.variance - difference.variance) / scale
    trust = difference.degrees / (difference.degrees + _PRIOR)
    return np.where(vary, np.clip(correlation, -1.0, 1.0) * trust, 0.0)


def _combined(first: Numbers, second: Numbers, rho: Numbers) -> Numbers:
    return np.sqrt(np.maximum(first**2 - 2 * rho * first * second + second**2, 0.0))
