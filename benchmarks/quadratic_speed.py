"""Seconds of a fit of linear models with quadratic penalties: tasks with rows of their own, one core.

100 tasks with 50 rows each and 200 features, whose coefficients have rank 5; scikit-learn's `Ridge`, fitted to one
task after another, beside them. The median of a few fits, after one that does not count.

    python benchmarks/quadratic_speed.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.linear_model import Ridge
from timing import markdown

from polytask.linear_model import (
    IndependentRidgeRegressor,
    MeanRegularizedRegressor,
    TaskRelationshipRegressor,
)

N_TASKS, N_ROWS, N_FEATURES = 100, 50, 200


def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, labels and tasks."""
    random = np.random.default_rng(0)
    tasks = np.repeat(np.arange(N_TASKS), N_ROWS)
    X = random.normal(size=(len(tasks), N_FEATURES))
    coef = random.normal(size=(N_TASKS, 5)) @ random.normal(size=(5, N_FEATURES))
    scores = np.einsum("np,np->n", X, coef[tasks]) / np.sqrt(N_FEATURES)
    return X, scores + random.normal(size=len(tasks)), tasks


def one_after_another(X: np.ndarray, y: np.ndarray, tasks: np.ndarray) -> None:
    """scikit-learn's ridge regression of every task, with the same strength."""
    for task in range(N_TASKS):
        Ridge(alpha=N_ROWS).fit(X[tasks == task], y[tasks == task])


def seconds(fit: Callable[[], Any], repeats: int = 5) -> float:
    """Median of processor time over fits, without the first."""
    durations = []
    for _ in range(repeats + 1):
        start = time.process_time()
        fit()
        durations.append(time.process_time() - start)
    return float(np.median(durations[1:]))


def main() -> None:
    """Measure and print."""
    X, y, tasks = rows()
    models = [
        IndependentRidgeRegressor(alpha=1.0),
        MeanRegularizedRegressor(alpha=1.0),
        TaskRelationshipRegressor(alpha=1.0, tol=1e-2),
        TaskRelationshipRegressor(alpha=1.0),
    ]
    lines = [
        ["Ridge of scikit-learn, 100 fits", seconds(lambda: one_after_another(X, y, tasks)), "", ""]
    ]
    for model in models:
        duration = seconds(lambda model=model: model.fit(X, y, tasks=tasks))  # type: ignore[misc]
        lines.append([repr(model), duration, model.n_iter_, f"{model.residual_:.1e}"])
    print(markdown(["model", "s a fit", "steps", "residual"], lines))


if __name__ == "__main__":
    main()
