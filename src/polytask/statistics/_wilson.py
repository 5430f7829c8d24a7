"""Wilson's interval for proportions, with an effective number of units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polytask.statistics._spread import Numbers, Spread, quantile

__all__ = ["Share", "wilson"]

_PRIOR = 2.0


@dataclass(frozen=True, eq=False)
class Share:
    """A metric between 0 and 1.

    Attributes
    ----------
    value : float
    spread : Spread
    n_units : float
        Smallest number of units that determine it, such as those of the rarer class.
    """

    value: Numbers
    spread: Spread
    n_units: Numbers


def wilson(share: Share, level: float) -> tuple[Numbers, Numbers]:
    r"""Wilson's score interval, with the number of units that explains the variance.

    A share over n units has the variance :math:`\theta (1 - \theta) / n`, which for ROC-AUC and
    others bounds it [2]_. The interval is Wilson's [1]_ with the n that explains the observed
    variance. Few units estimate it poorly (a perfect area has a variance of 0): the ratio
    :math:`1 / n` is therefore averaged with that of the rarer class, which counts as two degrees
    of freedom. The value always lies in the interval, and the interval in [0, 1].

    References
    ----------
    .. [1] Wilson, *Probable inference, the law of succession, and statistical inference*, JASA
       1927.
    .. [2] Birnbaum & Klose, *Bounds for the variance of the Mann–Whitney statistic*, Annals of
       Mathematical Statistics 1957.

    Examples
    --------
    >>> from polytask.statistics._spread import Spread
    >>> low, high = wilson(Share(1.0, Spread(0.0, 9.0), 10.0), 0.95)
    >>> float(low.round(2)), float(high)
    (0.67, 1.0)
    """
    value, spread = np.asarray(share.value), share.spread
    unit_variance = value * (1 - value)
    least = 1 / np.maximum(share.n_units, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = spread.degrees * spread.variance / unit_variance
    ratio = (observed + _PRIOR * least) / (spread.degrees + _PRIOR)
    ratio = np.where(unit_variance > 0, ratio, least)
    square = quantile(level, spread.degrees + _PRIOR) ** 2 * ratio
    middle = (value + square / 2) / (1 + square)
    half = np.sqrt(square * unit_variance + square**2 / 4) / (1 + square)
    return np.clip(middle - half, 0.0, value), np.clip(middle + half, value, 1.0)
