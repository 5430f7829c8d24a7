"""Standardisation of numbers of any magnitude."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

__all__ = ["FURTHEST", "center_and_scale", "standardize"]

FURTHEST = 1e9
_OVERFLOWS = 1e290
_SINGLE_OVERFLOWS = 1e30
_SMALLEST = float(np.finfo(np.float64).smallest_subnormal)


def center_and_scale(observed: Float[np.ndarray, " *n"]) -> tuple[float, float]:
    """Mean and standard deviation of numbers without a missing one; deviation 0 if they are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data.columns._standardize import center_and_scale
    >>> center_and_scale(np.array([0.1, 0.1, 0.1]))
    (0.1, 0.0)
    """
    # Divided by the largest, a constant column has deviation 0 exactly, and none overflows.
    largest = float(np.abs(observed).max()) or 1.0
    observed = observed / largest
    deviation = float(observed.std(dtype=np.float64))
    center = float(observed.mean(dtype=np.float64)) * largest
    return center, max(deviation * largest, _SMALLEST) if deviation else 0.0


def standardize(
    values: Float[np.ndarray, " *n"], center: float, scale: float
) -> Float[np.ndarray, " *n"]:
    """Distances from the center, in deviations; NaN stays NaN.

    They are at most 1e9, which no training row can reach, so that networks, which multiply them
    with each other, give numbers for every row.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data.columns._standardize import standardize
    >>> standardize(np.array([1.0, 3.0, 1e300]), 1.0, 2.0)
    array([0.e+00, 1.e+00, 1.e+09])
    """
    if values.dtype != np.float64 and abs(center) > _SINGLE_OVERFLOWS:
        values = values.astype(np.float64)
    if abs(center) > _OVERFLOWS:  # the difference could overflow
        values, center, scale = values / 2, center / 2, scale / 2
    with np.errstate(over="ignore"):
        distances = values - center
        distances /= scale
    return np.clip(distances, -FURTHEST, FURTHEST, out=distances)
