"""A matrix of similarities between tasks or experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from polytask.analysis._linear_cka import linear_cka

__all__ = ["Similarity", "as_similarity", "cka_similarity"]


@dataclass(frozen=True)
class Similarity:
    """How alike tasks, or experts, are in one part of a fitted model.

    Attributes
    ----------
    name : str
        The part, such as ``"heads"``, ``"features"`` or ``"stage 2"``.
    quantity : str
        What the values are: ``"cosine"``, ``"linear CKA"``, ``"correlation"``, ``"overlap"``, …
    labels : tuple of str
        Names of the tasks or experts, in the order of both axes.
    values : tuple of tuple of float or None
        None where two cannot be compared, and on the diagonal.
    chance : float or None
        Value of representations that are not related; None where it is 0.
    """

    name: str
    quantity: str
    labels: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    chance: float | None = None

    @property
    def matrix(self) -> Float64[np.ndarray, "k k"]:
        """The values as an array, NaN where there is none."""
        return np.array(self.values, dtype=np.float64)


def as_similarity(
    name: str,
    quantity: str,
    labels: Sequence[str],
    matrix: Float64[np.ndarray, "k k"],
    chance: float | None = None,
) -> Similarity:
    """The record of a matrix; what is not finite, and the diagonal, is None."""
    values = tuple(
        tuple(None if i == j or not np.isfinite(v) else float(v) for j, v in enumerate(row))
        for i, row in enumerate(matrix)
    )
    return Similarity(name, quantity, tuple(labels), values, chance)


def cka_similarity(
    name: str,
    labels: Sequence[str],
    features: Sequence[Float64[np.ndarray, "n h"]],
    generator: np.random.Generator,
) -> Similarity:
    """Linear CKA of every two representations of the same rows, and its value for rows in another order.

    Parameters
    ----------
    name : str
    labels : sequence of str
    features : sequence of array of shape (n, h)
        One per label.
    generator : numpy Generator
        Of the other order.
    """
    order, size = generator.permutation(len(features[0])), len(features)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size) if i + j < 2 * _SHUFFLED]
    shuffled = np.array([linear_cka(features[i], features[j][order]) for i, j in pairs])
    known = shuffled[np.isfinite(shuffled)]
    chance = float(known.mean()) if len(known) else None
    return as_similarity(name, "linear CKA", labels, _cka_of_all(features), chance)


_SHUFFLED = 6
"""Of the first representations, which give the value of chance."""
_MOST_ROWS, _ROWS_AT_ONCE = 1000, 50


def _cka_of_all(features: Sequence[Float64[np.ndarray, "n h"]]) -> Float64[np.ndarray, "k k"]:
    """Linear CKA of every two; of few rows by products of rows, which serve all pairs at once."""
    n_rows, size = len(features[0]), len(features)
    if n_rows > _MOST_ROWS:
        matrix = np.eye(size)
        for i in range(size):
            for j in range(i):
                matrix[i, j] = matrix[j, i] = linear_cka(features[i], features[j])
        return matrix
    centred = [own - own.mean(axis=0) for own in features]
    total = np.zeros((size, size))
    for first in range(0, n_rows, _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        products = np.stack([(own[rows] @ own.T).ravel() for own in centred])
        total += products @ products.T
    norms = np.sqrt(np.diag(total))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.minimum(total / np.outer(norms, norms), 1.0)
