"""Newcombe's interval for the difference of two shares on the same rows."""

from __future__ import annotations

import numpy as np

from polytask.statistics._spread import Spread
from polytask.statistics._wilson import Share, wilson

__all__ = ["newcombe"]

_PRIOR = 2.0


def newcombe(ours: Share, theirs: Share, difference: Spread, level: float) -> tuple[float, float]:
    r"""The single intervals recombined, for which both models' errors are correlated as found.

    .. math:: D - \sqrt{(\theta_1 - l_1)^2 - 2 \rho (\theta_1 - l_1)(u_2 - \theta_2)
       + (u_2 - \theta_2)^2}

    and likewise above: method 10 of [1]_, for any metric in [2]_. The difference always lies in
    it, and it in [−1, 1].

    Parameters
    ----------
    ours, theirs : Share
    difference : Spread
        Of the difference; with the single ones it says how far errors are correlated.
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
    >>> round(low, 2), round(high, 2)
    (-0.07, 0.23)
    """
    value = ours.value - theirs.value
    (our_low, our_high), (their_low, their_high) = wilson(ours, level), wilson(theirs, level)
    rho = _correlation(ours.spread, theirs.spread, difference)
    below = _recombined(ours.value - our_low, their_high - theirs.value, rho)
    above = _recombined(our_high - ours.value, theirs.value - their_low, rho)
    return max(-1.0, value - below), min(1.0, value + above)


def _correlation(ours: Spread, theirs: Spread, difference: Spread) -> float:
    """From the three variances, less where they are known badly."""
    scale = 2 * np.sqrt(ours.variance * theirs.variance)
    if scale == 0 or not difference.known:
        return 0.0
    found = (ours.variance + theirs.variance - difference.variance) / scale
    trust = difference.degrees / (difference.degrees + _PRIOR)
    return float(np.clip(found, -1.0, 1.0)) * trust


def _recombined(one: float, other: float, rho: float) -> float:
    return float(np.sqrt(max(0.0, one**2 - 2 * rho * one * other + other**2)))
