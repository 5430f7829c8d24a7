"""Bonett and Price's interval for the difference of two paired proportions."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from polytask.statistics._spread import Numbers, Spread, sum_of_levels

__all__ = ["bonett_price"]


def bonett_price(
    amounts: Float[np.ndarray, "*studies units"], seeds: Spread, level: float
) -> tuple[Numbers, Numbers]:
    r"""Interval after adding a unit that only the learner gets right, and one only the baseline.

    With the difference :math:`d_u` of each unit, from −1 to 1,
    :math:`\tilde D = \sum d_u / (n + 2)` and its variance is
    :math:`(\sum d_u^2 + 2 - (n + 2) \tilde D^2) / (n + 2)^2`.

    Parameters
    ----------
    amounts : array of shape (units,), or (studies, units)
        Contribution of each unit to the difference, :math:`d_u / n`.
    seeds : Spread
        Spread over seeds.
    level : float

    Notes
    -----
    The variance over seeds is added, with Satterthwaite's degrees of freedom. The difference always
    lies in the interval, and the interval in [−1, 1].

    References
    ----------
    Bonett & Price, *Adjusted Wald confidence interval for a difference of binomial proportions
    based on paired data*, Journal of Educational and Behavioral Statistics 2012.

    Examples
    --------
    >>> differences = np.array([1.0] * 8 + [-1.0] * 2 + [0.0] * 30)
    >>> low, high = bonett_price(differences / 40, Spread(0.0, 0.0), 0.95)
    >>> float(low.round(3)), float(high.round(3))
    (-0.013, 0.299)
    """
    n = amounts.shape[-1]
    value = amounts.sum(axis=-1)
    middle = value * n / (n + 2)
    squares = n**2 * np.square(amounts).sum(axis=-1)
    variance = (squares + 2 - (n + 2) * middle**2) / (n + 2) ** 2
    half = sum_of_levels([Spread(variance, np.inf), seeds]).half_width(level)
    return np.clip(middle - half, -1.0, value), np.clip(middle + half, value, 1.0)
