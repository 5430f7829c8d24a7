"""Largest eigenvalues of weighted products of features."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from polytask.datafits._weighted_products import weighted_products

__all__ = ["largest_eigenvalue"]

_SMALL = 400
"""Rows or columns up to which all eigenvalues are found."""


def largest_eigenvalue(
    X: Any, weights: Float[np.ndarray, " n"], shift: Float[np.ndarray, " p"]
) -> float:
    r"""The largest eigenvalue of :math:`\sum_i \omega_i (x_i - s)(x_i - s)^\top`.

    Where the matrix is large, it is the last of a Lanczos iteration, raised by a thousandth.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits._eigenvalues import largest_eigenvalue
    >>> round(
    ...     largest_eigenvalue(np.array([[1.0], [3.0]]), np.array([0.5, 0.5]), np.array([2.0])), 6
    ... )
    1.0
    """
    n, p = X.shape
    if min(n, p) <= _SMALL:
        products = _products(X, weights, shift) if p <= n else _kernel(X, weights, shift)
        return float(max(np.linalg.eigvalsh(products)[-1], 0.0))

    def times(vector: np.ndarray) -> np.ndarray:
        vector = vector.ravel()
        scores = (X @ vector - shift @ vector) * weights
        return np.asarray(X.T @ scores).ravel() - scores.sum() * shift

    start = np.random.default_rng(0).normal(size=p)
    operator = LinearOperator((p, p), matvec=times, dtype=float)
    value = eigsh(operator, k=1, v0=start, tol=1e-4, return_eigenvectors=False)[0]
    return float(max(value, 0.0) * 1.001)


def _products(X: Any, weights: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Products of features."""
    if not sparse.issparse(X):
        return weighted_products(X - shift, weights)
    cross = np.outer(X.T @ weights, shift)
    return weighted_products(X, weights) - cross - cross.T + weights.sum() * np.outer(shift, shift)


def _kernel(X: Any, weights: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Products of rows times the roots of their weights."""
    root = np.sqrt(weights)[:, None]
    if not sparse.issparse(X):
        scaled = (X - shift) * root
        return np.asarray(scaled @ scaled.T)
    along = X @ shift
    products = (X @ X.T).toarray() - along - along[:, None] + shift @ shift
    return np.asarray(products * root * root.T)
