"""Sources of rows to predict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from polytask.data.dataset import task_positions
from polytask.data.encoding._conform import conformed
from polytask.data.encoding._rows_to_predict import rows_to_predict
from polytask.data.encoding._schema import Schema
from polytask.data.names import require_columns
from polytask.data.readers import as_table
from polytask.data.sources import Source
from polytask.tasks import TaskSet

__all__ = ["as_source"]


def as_source(frame: Any, schema: Schema, tasks: TaskSet, *, needs_task: bool = True) -> Source:
    """Read a frame as a source without labels; target columns are not required.

    Parameters
    ----------
    frame : path, or anything that `to_polars` takes
    schema : Schema
        The model's schema of the source.
    tasks : TaskSet
        The model's tasks; those of the schema are kept.
    needs_task : bool, default True
        Whether the column that names each row's task must be there, where rows have one task
        each. Without it, rows belong to no single task.

    Raises
    ------
    DataError
        If an input is absent or changed type, or a row names no task or an unknown one.
    """
    carried = tasks.subset(schema.targets)
    if isinstance(frame, str | Path):
        frame = rows_to_predict(frame, [schema], carried)
    table = conformed(as_table(frame), schema)
    names = [column.name for column in schema.columns]
    require_columns(table.columns, names, "The model needs the same inputs as in fitting, but")
    for column in schema.columns:
        column.series(table)
    task_index = None
    if schema.own_rows:
        task_column = schema.task_column or "task"
        if len(carried) == 1 and task_column not in table.columns:
            task_index = np.zeros(table.height, dtype=np.int32)
        elif needs_task or task_column in table.columns:
            require_columns(table.columns, [task_column], "The column that names each row's task,")
            task_index = task_positions(table[task_column], carried.names)
    return Source(
        schema.source,
        table.select(names),
        carried,
        None,
        np.arange(table.height),
        task_index=task_index,
        task_column=schema.task_column,
    )
