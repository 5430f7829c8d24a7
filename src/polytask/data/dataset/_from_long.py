"""Source of a table in which a column names the task of each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count, first_names
from polytask.data.cells import CellRules, Reading, plain_text, typed
from polytask.data.dataset._input_columns import choose_inputs
from polytask.data.names import require_columns
from polytask.data.readers import Table
from polytask.data.sources import (
    OwnRowLabels,
    Source,
    Weights,
    check_cells,
    check_target,
    label_images,
    not_dropped,
    own_weights,
    row_groups,
    row_weights,
    settled_kind,
    target_column,
    weighing,
    weight_columns,
)
from polytask.exceptions import DataError
from polytask.tasks import Task, TaskSet

__all__ = [
    "free_name",
    "long_source",
    "own_row_source",
    "survive_reading",
    "task_names",
    "task_positions",
]


def long_source(
    opened: Table,
    template: Task,
    task_column: str,
    *,
    features: str | Iterable[str] | None,
    drop: str | Iterable[str],
    weight: Any,
    group: Any,
    name: str = "table",
) -> tuple[Source, dict[str, str]]:
    """Make the source of a table with one task per value of `task_column`.

    Tasks equal `template` except for their names. Also returns the reason for their kind.
    """
    table, targets = opened.frame, template.columns
    require_columns(table.columns, targets, "The target")
    require_columns(table.columns, [task_column], "The task column")
    not_dropped(template, opened.reading.roles)
    if task_column in targets:
        sentence = f"The target and the task column must differ. Got {task_column!r} for both."
        raise DataError(sentence)
    names = task_names(table[task_column])
    tasks = TaskSet(replace(template, name=name) for name in names)
    taken = {*targets, task_column, *weight_columns(weight)}
    taken |= {group} if isinstance(group, str) else set()
    return own_row_source(
        choose_inputs(table, features, opened.dropped(drop), taken),
        table.select(targets),
        task_positions(table[task_column], tasks.names),
        tasks,
        weights=row_weights(table, weight, tasks.names),
        groups=row_groups(table, group),
        task_column=task_column,
        group_column=group if isinstance(group, str) else None,
        reading=opened.reading,
        name=name,
    )


def own_row_source(
    inputs: pl.DataFrame,
    targets: pl.DataFrame,
    task_index: np.ndarray,
    tasks: TaskSet,
    *,
    weights: Weights | None = None,
    groups: np.ndarray | None = None,
    task_column: str | None = None,
    group_column: str | None = None,
    reading: Reading | None = None,
    name: str = "table",
) -> tuple[Source, dict[str, str]]:
    """Build a source in which each row belongs to one task; also return the reason for the kind.

    Without a `task_column`, rows to predict name their tasks in a column ``task``.
    """
    reading = Reading() if reading is None else reading
    targets = targets.select(
        target_column(
            tasks[0],
            label_images(tasks[0], series, reading),
            reading.roles.get(series.name),
        )
        for series in targets.iter_columns()
    )
    check_cells(tasks[0], targets.get_columns())
    owner = f"{tasks[0].name} and others" if len(tasks) > 1 else tasks[0].name
    weights = own_weights(weights, task_index)
    cells = [weighing(series, weights) for series in targets.iter_columns()]
    for series in cells:
        check_target(owner, series, tasks[0].kind)
    kind, reason = settled_kind(tasks[0], cells, reading.roles)
    tasks = TaskSet(task.with_kind(kind) for task in tasks)
    labels = OwnRowLabels(targets, task_index, tasks.names, kind.whole_rows)
    task_column = task_column or free_name("task", inputs.columns)
    source = Source(
        name,
        inputs,
        tasks,
        labels,
        np.arange(inputs.height),
        weights,
        groups,
        task_index,
        task_column,
        group_column,
        reading.only(inputs.columns),
    )
    return source, dict.fromkeys(tasks.names, reason)


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, with underscores appended until it is unique."""
    while name in taken:
        name += "_"
    return name


def task_names(series: pl.Series) -> list[str]:
    """The tasks named by a task column, sorted by its values."""
    return list(_task_names(series).values())


def _task_names(series: pl.Series) -> dict[Any, str]:
    """Task names by value of a task column, sorted by value."""
    missing = series.null_count()
    if missing:
        sentence = (
            f"Every row must name its task. Column {series.name!r} is missing in {count(missing, 'row')}, "
            f"first in row {series.is_null().arg_max()}. Fill it there, or leave these rows out."
        )
        raise DataError(sentence)
    values = plain_text(series).unique().sort().to_list()
    return {value: _task_name(value) for value in values}


def _task_name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def survive_reading(names: Sequence[str]) -> bool:
    """Whether task names are unchanged after writing them to a text file and reading it."""
    cells = typed(pl.LazyFrame({"name": list(names)}), CellRules()).frame.collect()["name"]
    return cells.dtype != pl.String and [_task_name(cell) for cell in cells] == list(names)


def task_positions(series: pl.Series, names: Sequence[str]) -> np.ndarray:
    """Position in `names` of each row's task, int32.

    Raises
    ------
    DataError
        If rows name no task, or a task that is not among `names`.
    """
    named = _task_names(series)
    unknown = [name for name in named.values() if name not in set(names)]
    if unknown:
        shown = first_names(map(repr, unknown))
        sentence = (
            f"Column {series.name!r} names tasks that the model was not fitted on: {shown}. "
            "Leave out their rows, or fit a new model."
        )
        raise DataError(sentence)
    position = {name: index for index, name in enumerate(names)}
    codes = [position[name] for name in named.values()]
    return plain_text(series).replace_strict(list(named), codes, return_dtype=pl.Int32).to_numpy()
