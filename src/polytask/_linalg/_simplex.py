"""Projection onto the simplex."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["project_simplex"]


def project_simplex(point: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """The nearest point whose coordinates are not negative and sum to 1.

    Parameters
    ----------
    point : array of shape (k,)

    Returns
    -------
    array of shape (k,)

    Raises
    ------
    ParameterError
        If a coordinate is not finite, or there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import project_simplex
    >>> project_simplex(np.array([2.0, 0.0]))
    array([1., 0.])
    """
    if point.size == 0 or not np.isfinite(point).all():
        expected = "a finite vector of at least one number"
        raise ParameterError(message("project_simplex", "point", expected, point))
    falling = np.sort(point)[::-1] - point.max()
    excess = np.cumsum(falling) - 1
    sizes = np.arange(1, len(point) + 1)
    size = np.flatnonzero(falling * sizes > excess)[-1]
    return np.maximum(point - point.max() - excess[size] / (size + 1), 0.0)
