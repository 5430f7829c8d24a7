"""Generated table of tasks in known groups, in the catalogue of data sets."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask.datasets._clustered_tasks import make_clustered_tasks
from polytask.datasets._info import DatasetInfo

__all__ = ["CLUSTERED", "clustered_table"]

_CLUSTERS, _SIZE, _ROWS, _FEATURES = 4, 3, 150, 20

CLUSTERED = DatasetInfo(
    name="clustered-tasks",
    description="Generated: twelve regressions in four known groups of three, in the order of their names",
    rows=_CLUSTERS * _SIZE * _ROWS,
    tasks=tuple(f"task_{number}" for number in range(_CLUSTERS * _SIZE)),
    licence="none, as it is generated",
    citation="polytask.datasets.make_clustered_tasks",
    flags="--target y:regression --task-column task",
)


def clustered_table() -> pl.DataFrame:
    """Rows of `make_clustered_tasks`, each of one task, with as much noise as signal."""
    data, _ = make_clustered_tasks(
        _CLUSTERS, _SIZE, _ROWS, _FEATURES, spread=0.3, noise=1.0, own_rows=True, seed=0
    )
    (source,) = data.sources
    labels = source.labelled()
    y = np.empty(source.n_rows)
    for task in source.tasks.names:
        (y[labels.rows(task)],) = labels.columns(task).values()
    names = np.array(source.tasks.names)[source.task_index]
    return source.inputs.with_columns(task=pl.Series(names), y=pl.Series(y))
