"""Largest eigenvalues of weighted products of features."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

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
    root = np.sqrt(weights)
    if min(n, p) <= _SMALL and not sparse.issparse(X):
        centred = (X - shift) * root[:, None]
        products = centred.T @ centred if p <= n else centred @ centred.T
        return float(max(np.linalg.eigvalsh(products)[-1], 0.0))
    if p == 1:
        return float(weights @ (np.asarray(X.todense()).ravel() - shift[0]) ** 2)

    def times(vector: np.ndarray) -> np.ndarray:
        vector = vector.ravel()
        scores = (X @ vector - shift @ vector) * weights
        return np.asarray(X.T @ scores).ravel() - scores.sum() * shift

    start = np.random.default_rng(0).normal(size=p)
    operator = LinearOperator((p, p), matvec=times, dtype=float)
    value = eigsh(operator, k=1, v0=start, tol=1e-4, return_eigenvectors=False)[0]
    return float(max(value, 0.0) * 1.001)
