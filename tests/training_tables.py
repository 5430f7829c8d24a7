"""Small data sets that networks learn in a second."""

import numpy as np
import polars as pl

from polytask.data import MultiTaskDataset
from polytask.tasks import Task


def mixed_table(n_rows: int = 300, *, seed: int = 0, missing: float = 0.3) -> MultiTaskDataset:
    """A binary, a regression and a multiclass task on five numbers and a category."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(n_rows, 5))
    passed = (inputs[:, 0] + inputs[:, 1] > 0).astype(float)
    passed[draw.random(n_rows) < missing] = np.nan
    columns = {f"x{j}": inputs[:, j] for j in range(5)}
    frame = pl.DataFrame(
        {
            **columns,
            "place": draw.choice(["north", "south", "east"], n_rows),
            "passed": passed,
            "score": 2 * inputs[:, 0] + 0.1 * draw.normal(size=n_rows),
            "grade": np.where(inputs[:, 2] > 0.5, 2, (inputs[:, 2] > -0.5).astype(int)),
        }
    )
    tasks = [Task("passed", "binary"), Task("score", "regression"), Task("grade", "multiclass")]
    return MultiTaskDataset.from_table(frame, tasks)


def regression_table(n_tasks: int = 3, n_rows: int = 200, *, seed: int = 0) -> MultiTaskDataset:
    """Linear regression tasks that share all rows."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(n_rows, 4))
    targets = inputs @ draw.normal(size=(4, n_tasks)) + 0.1 * draw.normal(size=(n_rows, n_tasks))
    return MultiTaskDataset.from_arrays(
        inputs, targets, [Task(f"y{k}", "regression") for k in range(n_tasks)]
    )


def own_rows_table(n_tasks: int = 6, n_rows: int = 300, *, seed: int = 0) -> MultiTaskDataset:
    """One regression task per site, each with rows of its own; sites differ in size."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(n_rows, 4))
    site = np.sort(draw.integers(0, n_tasks, n_rows) // draw.integers(1, 3, n_rows))
    slopes = 1 + 0.3 * draw.normal(size=(n_tasks, 4))
    columns = {f"x{j}": inputs[:, j] for j in range(4)}
    frame = pl.DataFrame({**columns, "site": site, "y": (inputs * slopes[site]).sum(axis=1)})
    return MultiTaskDataset.from_long(frame, "y", "site", kind="regression")
