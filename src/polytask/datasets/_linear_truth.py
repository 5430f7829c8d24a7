"""What a generator knows of the tasks it made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LinearTruth"]


@dataclass(frozen=True, eq=False)
class LinearTruth:
    """The coefficients behind generated tasks, and how the tasks are related.

    Parameters
    ----------
    coef : array of shape (n_tasks, n_features)
        Without noise a target is ``X @ coef.T``.
    task_covariance : array of shape (n_tasks, n_tasks)
        ``coef @ coef.T``: covariance of the noiseless targets, inputs being standard normal.
    noise : float
        Standard deviation of what was added to the targets.
    clusters : array of shape (n_tasks,), optional
        Which cluster each task belongs to, where there are clusters.
    """

    coef: np.ndarray
    task_covariance: np.ndarray
    noise: float
    clusters: np.ndarray | None = None
