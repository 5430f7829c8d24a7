"""Intervals of predicted quantiles and distributions."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtri

from polytask.tasks import FittedTarget

__all__ = ["intervals", "no_interval"]

_LEVELS = (0.1, 0.9)
"""Of the interval of a distribution."""

Numbers = Float64[np.ndarray, " n"]


def intervals(
    response: Float64[np.ndarray, "n outputs"], fitted: FittedTarget
) -> tuple[Numbers, Numbers, float]:
    """Lower and upper ends, and the share of values that should lie between them.

    Parameters
    ----------
    response : array of shape (n, n_levels), or (n, 2)
        Quantiles, or means and deviations where the target has no levels.
    fitted : FittedTarget

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._intervals import intervals
    >>> from polytask.tasks import FittedTarget
    >>> low, high, share = intervals(np.array([[5.0, 1.0]]), FittedTarget(("price",)))
    >>> low.round(2), high.round(2), share
    (array([3.72]), array([6.28]), 0.8)
    """
    levels = fitted.learned.get("levels")
    if levels is not None:
        return response[:, 0], response[:, -1], levels[-1] - levels[0]
    low, high = (response[:, 0] + ndtri(level) * response[:, 1] for level in _LEVELS)
    return low, high, _LEVELS[1] - _LEVELS[0]


def no_interval(fitted: FittedTarget) -> str | None:
    """The reason why the levels make no interval, or None."""
    only = len(fitted.learned.get("levels", _LEVELS)) == 1
    return "one level makes no interval" if only else None
