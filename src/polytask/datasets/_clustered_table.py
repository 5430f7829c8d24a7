"""Generated table of tasks in known groups, in the catalogue of data sets."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask.datasets._clustered_tasks import make_clustered_tasks
from polytask.datasets._info import DatasetInfo

__all__ = ["CLUSTERED", "clustered_table"]

_SIZE, _ROWS, _FEATURES = 3, 80, 20
_NAMES = tuple(f"{group}{number}" for group in "abcd" for number in range(1, _SIZE + 1))

CLUSTERED = DatasetInfo(
    name="clustered-tasks",
    description="Generated: twelve regressions in four known groups, a1 to a3, b1 to b3, c1 to c3 and d1 to d3",
    rows=len(_NAMES) * _ROWS,
    tasks=_NAMES,
    licence="none, as it is generated",
    citation="polytask.datasets.make_clustered_tasks",
    flags="--target y:regression --task-column task",
)


def clustered_table() -> pl.DataFrame:
    """Rows of `make_clustered_tasks`, each of one task, with half as much variance of noise as of signal."""
    data, _ = make_clustered_tasks(
        len(_NAMES) // _SIZE, _SIZE, _ROWS, _FEATURES, spread=0.2, noise=0.7, own_rows=True, seed=0
    )
    (source,) = data.sources
    labels = source.labelled()
    y = np.empty(source.n_rows)
    for task in source.tasks.names:
        (y[labels.rows(task)],) = labels.columns(task).values()
    names = np.array(_NAMES)[source.task_index]
    return source.inputs.with_columns(task=pl.Series(names), y=pl.Series(y))
