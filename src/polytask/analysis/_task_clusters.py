"""Clusters of tasks in a matrix of similarities."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

__all__ = ["task_clusters"]

_LEAST = 0.25
"""Mean silhouette below which Kaufman and Rousseeuw see no structure."""


def task_clusters(
    similarity: Float64[np.ndarray, "k k"],
) -> tuple[list[list[int]], float | None]:
    r"""Clusters by average linkage, as many as separate best.

    Distances are :math:`1 - |s_{ij}|`, since tasks of opposite sign share what they look at; pairs that are
    not known are at distance 1. The number of clusters is that of the largest mean silhouette.

    Parameters
    ----------
    similarity : array of shape (k, k)
        From −1 to 1; the symmetric part counts.

    Returns
    -------
    clusters : list of list of int
        Positions, the first task's cluster first; one cluster where there is no structure.
    separation : float or None
        Mean silhouette; None for one cluster.

    References
    ----------
    Kaufman & Rousseeuw, "Finding groups in data", 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.analysis._task_clusters import task_clusters
    >>> planted = np.kron(np.eye(2), np.ones((2, 2)))
    >>> task_clusters(0.9 * planted)[0]
    [[0, 1], [2, 3]]
    """
    from sklearn.metrics import silhouette_score

    size = len(similarity)
    distance = 1 - np.nan_to_num(np.abs(similarity + similarity.T) / 2)
    distance = np.clip(distance, 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    best, separation = np.ones(size, dtype=int), _LEAST
    if size > 2:
        links = linkage(squareform(distance, checks=False), "average")
        for number in range(2, size):
            found = fcluster(links, number, "maxclust")
            if len(set(found)) != number:
                continue
            value = float(silhouette_score(distance, found, metric="precomputed"))
            if value > separation:
                best, separation = found, value
    clusters = [np.flatnonzero(best == label).tolist() for label in dict.fromkeys(best.tolist())]
    return clusters, separation if len(clusters) > 1 else None
