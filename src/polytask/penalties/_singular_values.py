"""Trace norms of matrices, with their subgradients and proximal maps."""

from __future__ import annotations

import numpy as np

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array

__all__ = ["largest_singular_value", "lower_singular_values", "trace_norm", "trace_norm_gradient"]

_WIDE = 4
"""Columns per row from which on the triangular factor is found first."""

_SHARE = 1e-5
"""Of the largest singular value: from thresholds of that size on, squares are exact enough."""


def trace_norm(matrix: Array) -> Array:
    """The sum of singular values."""
    xp = namespace(matrix)
    return xp.sum(xp.linalg.svdvals(matrix))


def trace_norm_gradient(matrix: Array) -> Array:
    """U Vᵀ of the singular vectors whose values are not zero, a subgradient."""
    xp = namespace(matrix)
    left, sizes, right = _thin_svd(matrix)
    rounding = max(matrix.shape) * xp.finfo(matrix.dtype).eps * xp.max(sizes)
    return (left * xp.astype(sizes > rounding, matrix.dtype)) @ right


def lower_singular_values(matrix: Array, threshold: float) -> Array:
    """Singular values lowered by a threshold, those below it to zero.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties._singular_values import lower_singular_values
    >>> lower_singular_values(np.diag([3.0, 0.5]), 1.0)
    array([[2., 0.],
           [0., 0.]])
    """
    if isinstance(matrix, np.ndarray) and matrix.dtype == np.float64:
        lowered = _lower_by_squares(matrix, threshold)
        if lowered is not None:
            return lowered
    xp = namespace(matrix)
    left, sizes, right = _thin_svd(matrix)
    return (left * xp.clip(sizes - threshold, 0.0)) @ right


def largest_singular_value(matrix: Array) -> float:
    """The largest singular value, by an eigenvalue of the smaller products."""
    xp = namespace(matrix)
    turned = xp.matrix_transpose(matrix)
    size = float(xp.max(xp.abs(matrix)))
    if size == 0.0:
        return 0.0
    scaled, turned = matrix / size, turned / size
    products = scaled @ turned if matrix.shape[0] <= matrix.shape[1] else turned @ scaled
    return size * float(xp.linalg.eigvalsh(products)[-1]) ** 0.5


def _lower_by_squares(matrix: np.ndarray, threshold: float) -> np.ndarray | None:
    """As `lower_singular_values`, by the eigenvectors of the smaller products; None if too coarse.

    Singular values above the threshold t have errors of the rounding of the largest squared, over t. It
    takes half of the time of a singular value decomposition.
    """
    if matrix.shape[0] > matrix.shape[1]:
        turned = _lower_by_squares(matrix.T, threshold)
        return None if turned is None else turned.T
    size = float(np.abs(matrix).max(initial=0.0))
    if size == 0.0 or not np.isfinite(size):
        return None
    scaled, threshold = matrix / size, threshold / size
    squares, axes = np.linalg.eigh(scaled @ scaled.T)
    if threshold**2 < _SHARE**2 * squares[-1]:
        return None
    kept = squares > threshold**2
    axes = axes[:, kept] * size
    return (axes * (1 - threshold / np.sqrt(squares[kept]))) @ (axes.T @ scaled / size)


def _thin_svd(matrix: Array) -> tuple[Array, Array, Array]:
    """Left vectors, singular values and right vectors.

    A few tasks with very many parameters are reduced to their triangular factor before, which takes
    a fifth of the time.
    """
    xp = namespace(matrix)
    n_rows, n_columns = matrix.shape
    if n_columns < _WIDE * n_rows:
        svd: tuple[Array, Array, Array] = xp.linalg.svd(matrix, full_matrices=False)
        return svd
    basis, triangle = xp.linalg.qr(xp.matrix_transpose(matrix))
    left, sizes, right = xp.linalg.svd(xp.matrix_transpose(triangle), full_matrices=False)
    return left, sizes, right @ xp.matrix_transpose(basis)
