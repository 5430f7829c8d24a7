"""Hall's interval for a mean of skewed values, such as squared errors."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from polytask.statistics._spread import Spread, quantile

__all__ = ["hall"]


def hall(
    value: float, amounts: Float[np.ndarray, " units"], spread: Spread, level: float
) -> tuple[float, float]:
    r"""Student's interval with the skewness of the mean transformed away.

    With :math:`c = \gamma / \sqrt n`, the cubic :math:`g(t) = t + c t^2 / 3 + c^2 t^3 / 27 + c / 6`
    of Student's t is nearly symmetric; the interval is where it lies between t's quantiles.

    Parameters
    ----------
    value : float
    amounts : array of shape (units,)
        What each unit adds to the value, to first order.
    spread : Spread
        Of the value, with the seeds' level.
    level : float

    References
    ----------
    Hall, *On the removal of skewness by transformation*, JRSS B 1992.

    Examples
    --------
    >>> from polytask.statistics._spread import of_units
    >>> values = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.6, 0.9, 2.3])
    >>> amounts = (values - values.mean()) / 8
    >>> low, high = hall(values.mean(), amounts, of_units(amounts), 0.95)
    >>> float(round(values.mean() - low, 2)), float(round(high - values.mean(), 2))
    (0.39, 1.96)
    """
    skewness = _skewness(amounts, spread)
    error = float(np.sqrt(spread.variance))
    bound = quantile(level, spread.degrees)
    low, high = (value - error * _inverse(sign * bound, skewness) for sign in (1, -1))
    return min(value, low), max(value, high)


def _skewness(amounts: np.ndarray, spread: Spread) -> float:
    """Skewness of the value, as γ / √n is that of a mean."""
    n = len(amounts)
    if n < 3 or spread.variance == 0:
        return 0.0
    deviations = amounts - amounts.mean()
    third = np.power(deviations, 3).sum() * n**2 / ((n - 1) * (n - 2))
    return float(third / spread.variance**1.5)


def _inverse(bound: float, skewness: float) -> float:
    """The t whose transformed value is the bound."""
    if abs(skewness) < 1e-6:
        return bound
    return float(3 * (np.cbrt(1 + skewness * (bound - skewness / 6)) - 1) / skewness)
