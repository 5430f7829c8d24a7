"""Generator of clustered regression tasks."""

from __future__ import annotations

import numpy as np

from polytask._validation import Interval, check
from polytask.data import MultiTaskDataset
from polytask.datasets._linear_tasks import check_sizes, linear_tasks, orthonormal
from polytask.datasets._linear_truth import LinearTruth

__all__ = ["make_clustered_tasks"]

_OWNER = "make_clustered_tasks"


def make_clustered_tasks(
    n_clusters: int = 3,
    tasks_per_cluster: int = 4,
    n_rows: int = 200,
    n_features: int = 20,
    *,
    spread: float = 0.3,
    noise: float = 0.5,
    own_rows: bool = False,
    opposite: bool = False,
    seed: int = 0,
) -> tuple[MultiTaskDataset, LinearTruth]:
    """Make regression tasks that are related within clusters and unrelated across them.

    Parameters
    ----------
    n_clusters : int, default 3
    tasks_per_cluster : int, default 4
    n_rows : int, default 200
        Rows in total, or per task with `own_rows`.
    n_features : int, default 20
        More than `n_clusters`.
    spread : float in [0, 1], default 0.3
        Distance of tasks from their cluster's centre: with 0 they are equal, with 1 unrelated to
        the centre.
    noise : float, default 0.5
        Standard deviation of the noise; the noiseless targets' is 1.
    own_rows : bool, default False
        Whether each task has rows of its own, or all are labelled on the same rows.
    opposite : bool, default False
        Whether every second cluster has the centre before it with the opposite sign, so that these
        tasks conflict.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        Tasks ``task_0``, ``task_1``, …, cluster after cluster.
    truth : LinearTruth
        With `clusters`.

    Notes
    -----
    Centres c are orthonormal and a task's coefficients are √(1 − spread²) c + spread u, with u a
    random unit vector orthogonal to all centres. So the cosine between a task and its own centre
    is √(1 − spread²), and 0 for any other centre. With `opposite`, centres come in pairs c and −c;
    the cosine to the opposite centre is −√(1 − spread²).
    """
    check_sizes(
        _OWNER, noise, n_clusters=n_clusters, tasks_per_cluster=tasks_per_cluster, n_rows=n_rows
    )
    check(_OWNER, "spread", spread, Interval(float, 0, 1))
    check(_OWNER, "n_features", n_features, Interval(int, n_clusters + 1))
    generator = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(n_clusters), tasks_per_cluster)
    basis = orthonormal(generator, n_clusters, n_features)
    centres = basis.copy()
    if opposite:
        centres[1::2] = -centres[: n_clusters - 1 : 2]
    away = generator.standard_normal((len(clusters), n_features))
    away -= away @ basis.T @ basis
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    coef = np.sqrt(1 - spread**2) * centres[clusters] + spread * away
    return linear_tasks(
        generator, coef, n_rows=n_rows, noise=noise, own_rows=own_rows, clusters=clusters
    )
