"""Access to arrays of numpy and torch alike."""

from __future__ import annotations

import math

import array_api_compat

from polytask.penalties._penalty import Array

__all__ = ["as_matrix", "like", "namespace"]


def namespace(weights: Array) -> Array:
    """The array library of W, under the names of the array API."""
    return array_api_compat.array_namespace(weights)


def as_matrix(weights: Array) -> Array:
    """W with its further axes flattened, (n_tasks, n_features)."""
    shape = tuple(weights.shape)
    return namespace(weights).reshape(weights, (shape[0], math.prod(shape[1:])))


def like(array: Array, weights: Array) -> Array:
    """An array in the array library, precision and device of W."""
    xp = namespace(weights)
    return xp.asarray(array, dtype=weights.dtype, device=array_api_compat.device(weights))
