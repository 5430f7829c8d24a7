"""Generator of conflicting regression tasks."""

from __future__ import annotations

import math

import numpy as np

from polytask._validation import Interval, check, message
from polytask.data import MultiTaskDataset
from polytask.datasets._linear_tasks import check_sizes, linear_tasks
from polytask.datasets._linear_truth import LinearTruth
from polytask.datasets._related_regression import coefficients, equicorrelated
from polytask.exceptions import ParameterError

__all__ = ["make_conflicting_tasks"]

_OWNER = "make_conflicting_tasks"


def make_conflicting_tasks(
    angle: float = 150.0,
    n_tasks: int = 2,
    n_rows: int = 200,
    n_features: int = 20,
    *,
    noise: float = 0.5,
    own_rows: bool = False,
    seed: int = 0,
) -> tuple[MultiTaskDataset, LinearTruth]:
    """Make regression tasks whose coefficient vectors all have the same angle to each other.

    Parameters
    ----------
    angle : float in [0, 180], default 150
        Degrees between any two tasks' coefficients: 0 is one task, 90 unrelated tasks, 180
        opposite ones. More than two tasks cannot all be far apart: three are at most 120°,
        `n_tasks` at most arccos(−1 / (n_tasks − 1)) from one another.
    n_tasks : int, default 2
    n_rows : int, default 200
        Rows in total, or per task with `own_rows`.
    n_features : int, default 20
        At least `n_tasks`.
    noise : float, default 0.5
        Standard deviation of the noise; the noiseless targets' is 1.
    own_rows : bool, default False
        Whether each task has rows of its own, or all are labelled on the same rows.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        Tasks ``task_0``, ``task_1``, …
    truth : LinearTruth
        Its `task_covariance` holds the cosines.

    Notes
    -----
    At coefficients w the gradient of task k's expected squared error is 2 (w − wₖ), inputs
    being standard normal: started from 0, a model shared by all tasks sees gradients that stand
    at `angle` to each other, and beyond 90° what helps one task hurts another.
    """
    check_sizes(_OWNER, noise, n_tasks=n_tasks, n_rows=n_rows)
    check(_OWNER, "angle", angle, Interval(float, 0, 180))
    check(_OWNER, "n_features", n_features, Interval(int, n_tasks))
    widest = math.degrees(math.acos(-1 / (n_tasks - 1))) if n_tasks > 1 else 180.0
    if angle > widest + 1e-9:
        expected = f"at most {widest:.4g} for {n_tasks} tasks"
        raise ParameterError(message(_OWNER, "angle", expected, angle, "Make fewer tasks."))
    generator = np.random.default_rng(seed)
    covariance = equicorrelated(n_tasks, math.cos(math.radians(angle)))
    coef = coefficients(generator, covariance, n_features)
    return linear_tasks(generator, coef, n_rows=n_rows, noise=noise, own_rows=own_rows)
