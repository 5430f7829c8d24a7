"""Row weights as shares of the largest, which removes their scale and avoids overflow."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Real

__all__ = ["shares_of_largest"]


def shares_of_largest(weight: Real[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Divide weights by the largest; return them unchanged if none is above 0.

    Examples
    --------
    >>> import numpy as np
    >>> shares_of_largest(np.array([1e-300, 2e-300]))
    array([0.5, 1. ])
    """
    shares = weight.astype(np.float64, copy=False)
    largest = shares.max(initial=0.0)
    return shares / largest if largest > 0 else shares
