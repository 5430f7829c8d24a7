"""Newcombe's interval for the difference of two shares on the same rows."""

from __future__ import annotations

import numpy as np

from polytask.statistics._spread import Numbers, Spread
from polytask.statistics._wilson import Share, wilson

__all__ = ["newcombe"]

_PRIOR = 2.0


def newcombe(
    ours: Share, theirs: Share, difference: Spread, level: float
) -> tuple[Numbers, Numbers]:
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
    >>> float(low.round(2)), float(high.round(2))
    (-0.07, 0.23)
    """
    value = ours.value - theirs.value
    (our_low, our_high), (their_low, their_high) = wilson(ours, level), wilson(theirs, level)
    rho = _correlation(ours.spread, theirs.spread, difference)
    below = _recombined(ours.value - our_low, their_high - theirs.value, rho)
    above = _recombined(our_high - ours.value, theirs.value - their_low, rho)
    return np.maximum(value - below, -1.0), np.minimum(value + above, 1.0)


def _correlation(ours: Spread, theirs: Spread, difference: Spread) -> Numbers:
    """From the three variances, less where they are known badly."""
    scale = np.asarray(2 * ours.error * theirs.error)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (ours.variance + theirs.variance - difference.variance) / scale
    trust = difference.degrees / (difference.degrees + _PRIOR)
    return np.where(scale > 0, np.clip(found, -1.0, 1.0) * trust, 0.0)


def _recombined(one: Numbers, other: Numbers, rho: Numbers) -> Numbers:
    return np.sqrt(np.maximum(one**2 - 2 * rho * one * other + other**2, 0.0))
