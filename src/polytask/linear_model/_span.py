"""Directions that span the coefficients of all tasks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

__all__ = ["span_of"]

_ROUNDING = 1e-9


def span_of(coef: Float[np.ndarray, "tasks features"]) -> Float64[np.ndarray, "rank features"]:
    """Orthonormal directions of features, the most used first; largest entries are positive.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._span import span_of
    >>> span_of(np.array([[3.0, 4.0], [-6.0, -8.0]])).round(3)
    array([[0.6, 0.8]])
    """
    _, sizes, axes = np.linalg.svd(coef, full_matrices=False)
    axes = axes[sizes > _ROUNDING * max(sizes.max(initial=0.0), 1e-300)]
    largest = np.abs(axes).argmax(axis=1)
    directions: np.ndarray = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    return directions
