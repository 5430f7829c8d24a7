"""Sources of rows to predict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polytask.data.dataset import task_positions
from polytask.data.encoding._conform import conformed
from polytask.data.encoding._rows_to_predict import rows_to_predict
from polytask.data.encoding._schema import Schema
from polytask.data.names import require_columns
from polytask.data.readers import as_table
from polytask.data.sources import Source
from polytask.exceptions import DataError
from polytask.tasks import TaskSet

__all__ = ["as_source"]


def as_source(frame: Any, schema: Schema, tasks: TaskSet, *, unnamed: bool = False) -> Source:
    """Read a frame as a source without labels; target columns are not required.

    Parameters
    ----------
    frame : path, or anything that `to_polars` takes
    schema : Schema
        The model's schema of the source.
    tasks : TaskSet
        The model's tasks; those of the schema are kept.
    unnamed : bool, default False
        Whether rows need not name their task, where each belongs to one: the column may be absent,
        or empty in some rows, whose `Source.task_index` is then −1.

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
        elif unnamed:
            task_index = _known_positions(table, task_column, carried)
        else:
            _require_task_column(table, task_column)
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


def _known_positions(table: pl.DataFrame, column: str, tasks: TaskSet) -> np.ndarray:
    """Position of each row's task, −1 where the row names none."""
    index = np.full(table.height, -1, dtype=np.int32)
    named = table[column].is_not_null() if column in table.columns else None
    if named is not None and named.any():
        index[named.to_numpy()] = task_positions(table[column].filter(named), tasks.names)
    return index


def _require_task_column(table: pl.DataFrame, column: str) -> None:
    try:
        require_columns(table.columns, [column], "The column that names each row's task,")
    except DataError as error:
        sentence = (
            f"{error} Without it, name the tasks to predict for every row (`tasks=`, --task), or fit "
            "a model that finds the task of a row, such as routed."
        )
        raise DataError(sentence) from None
