"""From affinities of tasks to their groups, the ratio of sharing of each pair, and its strength."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

__all__ = ["affinity_of", "grouped", "mixing", "ratio_of"]

_CHANCE = 2.0
"""Standard errors of a correlation that chance seldom exceeds."""


def affinity_of(
    explained: Float64[np.ndarray, "k k"],
    own: Float64[np.ndarray, " k"],
    counts: Float64[np.ndarray, " k"],
) -> Float64[np.ndarray, "k k"]:
    r"""Signed affinities from correlations of labels and scores.

    .. math:: A_{ij} = \left(1 - \frac{4}{z_{ij}^2}\right)_+
              \tfrac12 \left(\frac{R_{ij}}{m_i} + \frac{R_{ji}}{m_j}\right),
              \qquad m_i = \max(R_{ii}, \max_{j \ne i} |R_{ij}|, 2 / \sqrt{n_i}),
              \quad z_{ij} = \frac{\sqrt{n_i} R_{ij} + \sqrt{n_j} R_{ji}}{\sqrt 2}

    cut to [−1, 1]: 1 where each network predicts the other's task as well as any does, 0 for
    unrelated tasks, −1 for opposite ones. The first factor shrinks what chance explains: within two
    standard errors nothing is left.

    Parameters
    ----------
    explained : array of shape (k, k)
        Correlation of the labels of task i with the scores of network j; the diagonal means nothing.
    own : array of shape (k,)
        That of each task with its own network, on rows that it was not trained on.
    counts : array of shape (k,)
        Labelled rows.

    Returns
    -------
    array of shape (k, k)
        NaN where unknown, and on the diagonal.
    """
    off = explained.copy()
    np.fill_diagonal(off, np.nan)
    largest = np.nanmax(np.abs(np.where(np.isfinite(off), off, 0.0)), axis=1)
    most = np.fmax(np.fmax(own, largest), _CHANCE / np.sqrt(np.maximum(counts, 1.0)))
    relative = off / most[:, None]
    errors = off * np.sqrt(counts)[:, None]
    z = (errors + errors.T) / np.sqrt(2)
    kept = np.maximum(0.0, 1.0 - (_CHANCE / np.maximum(np.abs(z), 1e-12)) ** 2)
    return np.clip(kept * (relative + relative.T) / 2, -1.0, 1.0)


def grouped(
    affinity: Float64[np.ndarray, "k k"],
    groups: np.ndarray,
    lower: float,
    upper: float,
) -> np.ndarray:
    """Groups by average linkage, in which pairs that share hold on to each other.

    Groups are joined while the mean affinity between them is at least the mean of `lower` and
    `upper`, where half their difference is added to the affinity of pairs that share now and
    subtracted from that of others. So a pair by itself begins to share at `upper` and ends at
    `lower`.

    Parameters
    ----------
    affinity : array of shape (k, k)
        Unknown ones count as −1.
    groups : array of shape (k,), int
        Number of each task's group now.
    lower, upper : float

    Returns
    -------
    array of shape (k,), int
        Numbers of the groups, counted from 0 in the order of their first tasks.
    """
    size = len(groups)
    if size < 2:
        return np.zeros(size, dtype=np.int64)
    held = np.where(np.equal.outer(groups, groups), 1.0, -1.0) * (upper - lower) / 2
    distance = 2.0 - (np.where(np.isfinite(affinity), affinity, -1.0) + held)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), "average")
    return renumbered(fcluster(tree, 2.0 - (lower + upper) / 2, "distance"))


def renumbered(groups: np.ndarray) -> np.ndarray:
    """The same groups, counted from 0 in the order of their first tasks."""
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(int(g), len(numbers)) for g in groups], dtype=np.int64)


def ratio_of(
    affinity: Float64[np.ndarray, "k k"], groups: np.ndarray, lower: float
) -> Float64[np.ndarray, "k k"]:
    r"""The ratio of sharing of each pair.

    .. math:: \rho_{ij} = \min\left(1, \max\left(0, \frac{A_{ij} - l}{1 - l}\right)\right)

    within groups, and 0 between them: it grows with the affinity from 0 at `lower` to 1 at 1.

    Parameters
    ----------
    affinity : array of shape (k, k)
    groups : array of shape (k,), int
    lower : float
    """
    ratio = np.clip((np.nan_to_num(affinity, nan=-1.0) - lower) / (1.0 - lower), 0.0, 1.0)
    ratio = np.where(np.equal.outer(groups, groups), ratio, 0.0)
    np.fill_diagonal(ratio, 0.0)
    return ratio


def mixing(
    ratio: Float64[np.ndarray, "k k"], alpha: float, step: float
) -> Float64[np.ndarray, "k k"]:
    r"""The matrix that pulls parameters together in one step.

    .. math:: M = (I + \eta L)^{-1}, \qquad
              L_{ij} = - \lambda_{ij}, \quad L_{ii} = \sum_j \lambda_{ij}, \quad
              \lambda_{ij} = \alpha \rho_{ij}

    the proximal map of :math:`\tfrac12 \sum_{i<j} \lambda_{ij} \|W_i - W_j\|^2`. Its rows sum to 1.

    Parameters
    ----------
    ratio : array of shape (k, k)
        Symmetric.
    alpha : float
    step : float
        The learning rate η.
    """
    strengths = alpha * ratio
    laplacian = np.diag(strengths.sum(axis=1)) - strengths
    return np.linalg.inv(np.eye(len(ratio)) + step * laplacian)
