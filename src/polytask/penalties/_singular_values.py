"""Trace norms of matrices, with their subgradients and proximal maps."""

from __future__ import annotations

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array

__all__ = ["lower_singular_values", "trace_norm", "trace_norm_gradient"]

_WIDE = 4
"""Columns per row from which on the triangular factor is found first."""


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
    xp = namespace(matrix)
    left, sizes, right = _thin_svd(matrix)
    return (left * xp.clip(sizes - threshold, 0.0)) @ right


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
