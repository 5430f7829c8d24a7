"""Rows that are only to be predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from polytask.data._frames import as_table, require_columns
from polytask.data._from_long import survive_reading, task_positions
from polytask.data._readers import read_table
from polytask.data._schema import Schema
from polytask.data._source import Source
from polytask.tasks import TaskSet

__all__ = ["as_source"]


def as_source(frame: Any, schema: Schema, tasks: TaskSet) -> Source:
    """A frame's rows as a source without labels; target columns are not needed.

    Parameters
    ----------
    frame : path, or anything that `to_polars` takes
    schema : Schema
        What the model was fitted on.
    tasks : TaskSet
        The model's tasks; those that the schema carries are kept.

    Raises
    ------
    DataError
        If an input is absent or changed type, or a row names no task or an unknown one.
    """
    carried = TaskSet(task for task in tasks if task.name in schema.targets)
    if isinstance(frame, str | Path):
        frame = read_table(frame, text=_text_columns(schema, carried))
    table = as_table(frame)
    names = [column.name for column in schema.columns]
    require_columns(table.columns, names, "The model needs the same inputs as in fitting, but")
    for column in schema.columns:
        column.series(table)
    task_index = None
    if schema.own_rows:
        task_column = schema.task_column or "task"
        if len(carried) == 1 and task_column not in table.columns:
            task_index = np.zeros(table.height, dtype=np.int32)
        else:
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


def _text_columns(schema: Schema, tasks: TaskSet) -> list[str]:
    """Columns of a file that stay text: inputs that were, and task names such as “007”."""
    text = [column.name for column in schema.columns if column.family == "text"]
    if schema.own_rows and not survive_reading(tasks.names):
        text.append(schema.task_column or "task")
    return text
