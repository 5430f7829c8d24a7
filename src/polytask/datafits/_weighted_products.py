"""Weighted products of features."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Float64
from scipy import sparse

__all__ = ["weighted_products"]


def weighted_products(X: Any, weights: Float[np.ndarray, " n"]) -> Float64[np.ndarray, "k k"]:
    r"""The sum :math:`\sum_i \omega_i\, x_i x_i^\top` over dense or sparse rows.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits._weighted_products import weighted_products
    >>> weighted_products(np.array([[1.0], [3.0]]), np.array([1.0, 2.0])).round(6)
    array([[19.]])
    """
    if sparse.issparse(X):
        return np.asarray((X.T @ (X * weights[:, None])).toarray())
    scaled = X * np.sqrt(weights)[:, None]
    products: np.ndarray = scaled.T @ scaled
    return products
