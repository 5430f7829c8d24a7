"""Rotations after which rows use few columns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

__all__ = ["varimax"]

_STEPS = 100


def varimax(codes: Float[np.ndarray, "n k"]) -> Float64[np.ndarray, "k k"]:
    r"""The rotation R for which squares of :math:`S R` vary most within columns.

    References
    ----------
    Kaiser, "The varimax criterion for analytic rotation in factor analysis", Psychometrika 1958.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._varimax import varimax
    >>> codes = np.array([[1.0, 1.0], [2.0, 2.0], [1.0, -1.0]])
    >>> np.abs(codes @ varimax(codes)).round(2)
    array([[0.  , 1.41],
           [0.  , 2.83],
           [1.41, 0.  ]])
    """
    rotation = np.eye(codes.shape[1])
    for _ in range(_STEPS):
        turned = codes @ rotation
        slope = codes.T @ (turned**3 - turned * np.square(turned).mean(axis=0))
        left, _, right = np.linalg.svd(slope)
        before, rotation = rotation, left @ right
        if np.allclose(rotation, before, atol=1e-10):
            break
    return rotation
