"""Rows that are only to be predicted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polytask.data.cells import require_columns
from polytask.data.dataset import survive_reading, task_positions
from polytask.data.encoding._conform import conformed
from polytask.data.encoding._schema import Schema
from polytask.data.readers import FileRules, as_table, is_text, open_file, text_options
from polytask.data.sources import Source
from polytask.tasks import TaskSet

__all__ = ["as_source", "rows_to_predict"]


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


def rows_to_predict(
    path: str | Path,
    schemas: Iterable[Schema],
    tasks: TaskSet,
    *,
    missing: Any = (),
    names: str | Iterable[str] | None = None,
    no_header: bool = False,
    separator: str | None = None,
    decimal: str | None = None,
) -> pl.DataFrame:
    """All rows of a file; in a text file, a model's inputs are read as in fitting.

    Parameters
    ----------
    path : path
    schemas : iterable of Schema
        What the model was fitted on.
    tasks : TaskSet
    missing, names, no_header, separator, decimal
        As in `read`. What was missing in fitting is so here too, and the decimal mark is that of
        fitting if none is given.
    """
    schemas, path = list(schemas), Path(path)
    text = [name for schema in schemas for name in _text_columns(schema, tasks)]
    marks = {schema.reading.decimal for schema in schemas}
    usual = marks.pop() if len(marks) == 1 and is_text(path) else "."
    options = text_options(
        separator=separator, no_header=no_header, names=names, decimal=decimal or usual
    )
    rules = FileRules(options, missing=missing, text=text, verbatim=text, every_row=True)
    table = open_file(path, rules).frame
    for schema in schemas:
        own = replace(schema.reading, decimal=options.decimal)
        table = conformed(table, replace(schema, reading=own))
    return table


def _text_columns(schema: Schema, tasks: TaskSet) -> list[str]:
    """Columns that stay text: inputs, which the schema reads, and task names such as “007”."""
    text = [column.name for column in schema.columns]
    if schema.own_rows and not survive_reading(tasks.names):
        text.append(schema.task_column or "task")
    return text
