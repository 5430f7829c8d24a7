"""Hall's interval for a mean of skewed values, such as squared errors."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from polytask.statistics._spread import Numbers, Spread, quantile

__all__ = ["hall"]


def hall(
    value: Numbers, amounts: Float[np.ndarray, "*studies units"], spread: Spread, level: float
) -> tuple[Numbers, Numbers]:
    r"""Student's interval, with the skewness of the mean removed by a transformation.

    With :math:`c = \gamma / \sqrt n`, the cubic :math:`g(t) = t + c t^2 / 3 + c^2 t^3 / 27 + c / 6`
    of Student's t is nearly symmetric; the interval is where it lies between t's quantiles.

    Parameters
    ----------
    value : float, or array of shape (studies,)
    amounts : array of shape (units,), or (studies, units)
        Contributions of units to the value, to first order.
    spread : Spread
        Spread of the value over units and seeds.
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
    >>> float((values.mean() - low).round(2)), float((high - values.mean()).round(2))
    (0.39, 1.96)
    """
    skewness = _skewness(amounts, spread)
    bound = quantile(level, spread.degrees)
    low, high = (value - spread.error * _inverse(sign * bound, skewness) for sign in (1, -1))
    return np.minimum(value, low), np.maximum(value, high)


def _skewness(amounts: np.ndarray, spread: Spread) -> np.ndarray:
    """Skewness of the value, the analogue of γ / √n for a mean."""
    n = amounts.shape[-1]
    if n < 3:
        return np.zeros(amounts.shape[:-1])
    deviations = amounts - amounts.mean(axis=-1, keepdims=True)
    error = np.broadcast_to(np.asarray(spread.error)[..., None], deviations.shape)
    scaled = np.divide(deviations, error, out=np.zeros_like(deviations), where=error > 0)
    return np.asarray(np.power(scaled, 3).sum(axis=-1) * n**2 / ((n - 1) * (n - 2)))


def _inverse(bound: Numbers, skewness: np.ndarray) -> Numbers:
    """The t whose transformed value is the bound."""
    skewed = np.abs(skewness) > 1e-6
    c = np.where(skewed, skewness, 1.0)
    return np.where(skewed, 3 * (np.cbrt(1 + c * (bound - c / 6)) - 1) / c, bound)
