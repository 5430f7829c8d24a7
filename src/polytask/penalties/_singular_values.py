"""Trace norms of matrices, with their subgradients and proximal maps."""

from __future__ import annotations

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array

__all__ = ["lower_singular_values", "trace_norm", "trace_norm_gradient"]


def trace_norm(matrix: Array) -> Array:
    """The sum of singular values."""
    xp = namespace(matrix)
    return xp.sum(xp.linalg.svdvals(matrix))


def trace_norm_gradient(matrix: Array) -> Array:
    """U Vᵀ of the singular vectors whose values are not zero, a subgradient."""
    xp = namespace(matrix)
    left, sizes, right = xp.linalg.svd(matrix, full_matrices=False)
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
    left, sizes, right = xp.linalg.svd(matrix, full_matrices=False)
    return (left * xp.clip(sizes - threshold, 0.0)) @ right
