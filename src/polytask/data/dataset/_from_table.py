"""Source of a table in which tasks share the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from polytask.data.dataset._input_columns import choose_inputs
from polytask.data.names import require_columns
from polytask.data.readers import NO_ROLES, Table
from polytask.data.sources import (
    Source,
    TableLabels,
    Weights,
    check_cells,
    check_observed,
    check_target,
    label_images,
    not_dropped,
    row_groups,
    row_weights,
    settled_kind,
    target_column,
    unlabelled,
    weighing,
    weight_columns,
)
from polytask.tasks import Regression, TaskSet

__all__ = ["settled_tasks", "source_of", "table_source", "target_table", "weighing_cells"]


def table_source(
    opened: Table,
    tasks: TaskSet,
    *,
    features: str | Iterable[str] | None,
    drop: str | Iterable[str],
    weight: Any,
    group: Any,
    name: str = "table",
) -> tuple[Source, dict[str, str]]:
    """Make the source of a table; also return the reason for each task's kind."""
    table = opened.frame
    for task in tasks:
        require_columns(table.columns, task.columns, f"Task {task.name!r}: the target")
    targets = target_table(opened, tasks)
    taken = {*tasks.columns, *weight_columns(weight), *([group] if isinstance(group, str) else [])}
    weights, groups = row_weights(table, weight, tasks.names), row_groups(table, group)
    inputs = choose_inputs(table, features, opened.dropped(drop), taken)
    cells = weighing_cells(targets, tasks, weights)
    settled, reasons = settled_tasks(cells, tasks, opened.reading.roles)
    source = source_of(name, opened, inputs, settled, targets, weights, groups, group)
    return source, reasons


def target_table(opened: Table, tasks: TaskSet) -> pl.DataFrame:
    """The tasks' target columns in the types that the tasks require."""
    roles = opened.reading.roles
    for task in tasks:
        not_dropped(task, roles)
    targets = pl.DataFrame(
        {
            column: target_column(
                task, label_images(task, opened.frame[column], opened.reading), roles.get(column)
            )
            for task in tasks
            for column in task.columns
        }
    )
    for task in tasks:
        check_cells(task, [targets[column] for column in task.columns])
    return targets


def weighing_cells(
    targets: pl.DataFrame, tasks: TaskSet, weights: Weights | None
) -> dict[str, list[pl.Series]]:
    """Each task's target columns over the rows of positive weight."""
    return {
        task.name: [weighing(targets[column], weights, position) for column in task.columns]
        for position, task in enumerate(tasks)
    }


def source_of(
    name: str,
    opened: Table,
    inputs: pl.DataFrame,
    tasks: TaskSet,
    targets: pl.DataFrame,
    weights: Weights | None,
    groups: np.ndarray | None,
    group: Any,
) -> Source:
    """Build a source whose tasks share its rows."""
    return Source(
        name,
        inputs,
        tasks,
        TableLabels(
            targets,
            {task.name: task.columns for task in tasks},
            whole=frozenset(task.name for task in tasks if task.known_kind.whole_rows),
        ),
        np.arange(inputs.height),
        weights,
        groups,
        group_column=group if isinstance(group, str) else None,
        reading=opened.reading.only(inputs.columns),
    )


def settled_tasks(
    cells: Mapping[str, list[pl.Series]],
    tasks: TaskSet,
    roles: Mapping[str, str],
    written: Mapping[str, str] = NO_ROLES,
) -> tuple[TaskSet, dict[str, str]]:
    """The tasks with kinds, and the reason for each kind.

    Parameters
    ----------
    cells : mapping of task name to its target columns
        Over the rows of positive weight of all sources.
    tasks : TaskSet
    roles : mapping of target column to role
    written : mapping of task name to str
        How the user names its (first) column, where that is not by its own name alone.
    """
    settled, reasons = [], {}
    empty = unlabelled(cells)
    if not any(task.is_primary for task in tasks if task.name not in empty):
        check_observed(cells)
        empty = ()
    for task in tasks:
        columns = cells[task.name]
        if task.name in empty:  # and left out with those of one class, whatever its kind is
            settled.append(task.with_kind(Regression() if task.kind is None else task.known_kind))
            continue
        for series in columns:
            check_target(task.name, series, task.kind)
        kind, reasons[task.name] = settled_kind(task, columns, roles, written.get(task.name))
        settled.append(task.with_kind(kind))
    return TaskSet(settled), reasons
