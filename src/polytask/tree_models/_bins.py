"""Numbers of bins in place of the values of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int

__all__ = ["Bins"]

_MOST_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Bins:
    """Features that splits can divide, and the edges between their bins.

    scikit-learn's booster learns bins in every fit, and weighted ones slowly; of numbers of bins it keeps each.

    Attributes
    ----------
    features : array of shape (n_used,), int
        Positions of the features.
    edges : array of shape (n_used, n_edges)
        In increasing order; the largest float, which is saved, behind the last of a feature.
    """

    features: Int[np.ndarray, " used"]
    edges: Float64[np.ndarray, "used edges"]

    @classmethod
    def of(
        cls,
        X: Float64[np.ndarray, "n features"],
        most: int,
        min_samples_leaf: int,
        generator: np.random.RandomState,
    ) -> Bins:
        """Those of rows.

        Parameters
        ----------
        X : array of shape (n, n_features)
            NaN where missing.
        most : int
            Largest number of bins. A feature of more values has bins of about as many rows each, others one
            per value.
        min_samples_leaf : int
            Features with fewer rows beside their commonest value are left out, but for the first if all are.
        generator : RandomState
            Draws 200 000 rows where there are more.
        """
        rare = (np.median(X, axis=0) != X).sum(axis=0)  # the median is a value that most rows have
        features = np.flatnonzero(rare >= min_samples_leaf)
        features = features if len(features) else np.zeros(1, dtype=np.int64)
        if len(X) > _MOST_ROWS:
            X = X[generator.choice(len(X), _MOST_ROWS, replace=False)]
        edges = [_edges_of(X[:, feature], most) for feature in features]
        wide = np.full((len(edges), max(map(len, edges))), np.finfo(np.float64).max)
        for row, own in zip(wide, edges, strict=True):
            row[: len(own)] = own
        return cls(features, wide)

    @property
    def most(self) -> int:
        """The largest number of bins of a feature, and no less than 2."""
        return max(2, self.edges.shape[1] + 1)

    def numbers(self, X: Float64[np.ndarray, "n features"]) -> Float64[np.ndarray, "n used"]:
        """The number of each value's bin; NaN where it is missing."""
        numbers = np.empty((len(X), len(self.features)))
        for column, (feature, edges) in enumerate(zip(self.features, self.edges, strict=True)):
            values = X[:, feature]
            own = np.searchsorted(edges, values)
            numbers[:, column] = np.where(np.isnan(values), np.nan, own)
        return numbers


def _edges_of(values: Float64[np.ndarray, " n"], most: int) -> Float64[np.ndarray, " edges"]:
    """Edges between bins: halfway between values, or quantiles."""
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) <= most:
        halfway: np.ndarray = distinct[:-1] + (distinct[1:] - distinct[:-1]) / 2
        return halfway
    shares = np.linspace(0, 1, most + 1)[1:-1]
    return np.unique(np.quantile(known, shares, method="averaged_inverted_cdf"))
