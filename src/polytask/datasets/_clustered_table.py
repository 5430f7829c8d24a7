"""Generated table of tasks in known groups, in the catalogue of data sets."""

from __future__ import annotations

import polars as pl

from polytask.datasets._clustered_tasks import make_clustered_tasks
from polytask.datasets._info import DatasetInfo

__all__ = ["CLUSTERED", "clustered_table"]

_CLUSTERS, _SIZE, _ROWS, _FEATURES = 2, 4, 300, 20

CLUSTERED = DatasetInfo(
    name="clustered-tasks",
    description="Generated: eight regressions in two known groups, task_0 to task_3 and task_4 to task_7",
    rows=_ROWS,
    tasks=tuple(f"task_{number}" for number in range(_CLUSTERS * _SIZE)),
    licence="none, as it is generated",
    citation="polytask.datasets.make_clustered_tasks",
    flags="--target 'task_*:regression'",
)


def clustered_table() -> pl.DataFrame:
    """Rows of `make_clustered_tasks` with as much noise as signal, labelled for all tasks."""
    data, _ = make_clustered_tasks(
        _CLUSTERS, _SIZE, _ROWS, _FEATURES, spread=0.3, noise=1.0, seed=0
    )
    (source,) = data.sources
    labels = source.labelled()
    columns = {
        name: pl.Series(values)
        for task in source.tasks.names
        for name, values in labels.columns(task).items()
    }
    return source.inputs.with_columns(**columns)
