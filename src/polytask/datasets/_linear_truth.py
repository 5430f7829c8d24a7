"""True coefficients and relations of generated tasks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LinearTruth"]


@dataclass(frozen=True, eq=False)
class LinearTruth:
    """The true coefficients of generated tasks, and their relations.

    Parameters
    ----------
    coef : array of shape (n_tasks, n_features)
        Targets without noise are ``X @ coef.T``.
    task_covariance : array of shape (n_tasks, n_tasks)
        ``coef @ coef.T``, the covariance of the noiseless targets for standard normal inputs.
    noise : float
        Standard deviation of the noise added to the targets.
    clusters : array of shape (n_tasks,), optional
        Cluster of each task, if there are clusters.
    """

    coef: np.ndarray
    task_covariance: np.ndarray
    noise: float
    clusters: np.ndarray | None = None
