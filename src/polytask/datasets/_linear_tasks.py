"""Generator of regression tasks with given coefficients."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from polytask._validation import Interval, check
from polytask.data import MultiTaskDataset
from polytask.datasets._linear_truth import LinearTruth
from polytask.tasks import Task

__all__ = ["check_sizes", "linear_tasks", "orthonormal"]


def check_sizes(owner: str, noise: float, **sizes: int) -> None:
    """Check the common arguments of generators: positive sizes, and noise of at least 0."""
    for name, value in sizes.items():
        check(owner, name, value, Interval(int, 1))
    check(owner, "noise", noise, Interval(float, 0))


def orthonormal(
    generator: np.random.Generator, n_rows: int, n_columns: int
) -> Float64[np.ndarray, "r c"]:
    """Random orthonormal rows (n_rows ≤ n_columns)."""
    frame, _ = np.linalg.qr(generator.standard_normal((n_columns, n_rows)))
    return frame.T


def linear_tasks(
    generator: np.random.Generator,
    coef: Float64[np.ndarray, "t f"],
    *,
    n_rows: int,
    noise: float,
    own_rows: bool,
    clusters: Int64[np.ndarray, " t"] | None = None,
) -> tuple[MultiTaskDataset, LinearTruth]:
    """Make standard normal inputs and targets ``X @ coef.T`` plus noise, with their truth."""
    n_tasks, n_features = coef.shape
    tasks = [Task(f"task_{number}", "regression") for number in range(n_tasks)]
    truth = LinearTruth(coef, coef @ coef.T, float(noise), clusters)
    if not own_rows:
        X = generator.standard_normal((n_rows, n_features))
        Y = X @ coef.T + noise * generator.standard_normal((n_rows, n_tasks))
        return MultiTaskDataset.from_arrays(X, Y, tasks), truth
    task_index = np.repeat(np.arange(n_tasks), n_rows)
    X = generator.standard_normal((n_rows * n_tasks, n_features))
    y = (X * coef[task_index]).sum(axis=1) + noise * generator.standard_normal(len(X))
    return MultiTaskDataset.from_arrays(X, y, tasks, task_index=task_index), truth
