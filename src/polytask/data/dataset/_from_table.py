"""A table with one target column (or several) a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from polytask.data.cells import require_columns
from polytask.data.dataset._input_columns import choose_inputs
from polytask.data.readers import Table
from polytask.data.sources import (
    Source,
    TableLabels,
    check_observed,
    check_target,
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

__all__ = ["table_source"]


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
    """The source of a table, and why each task is of its kind."""
    table, roles = opened.frame, opened.reading.roles
    for task in tasks:
        require_columns(table.columns, task.columns, f"Task {task.name!r}: the target")
        not_dropped(task, roles)
    taken = {*tasks.columns, *weight_columns(weight), *([group] if isinstance(group, str) else [])}
    weights, groups = row_weights(table, weight, tasks.names), row_groups(table, group)
    inputs = choose_inputs(table, features, opened.dropped(drop), taken)
    targets = pl.DataFrame(
        {
            column: target_column(task, table[column], roles.get(column))
            for task in tasks
            for column in task.columns
        }
    )
    settled, reasons = _settled(targets, tasks, roles, weights)
    labels = TableLabels(targets, {task.name: task.columns for task in tasks})
    source = Source(
        name,
        inputs,
        settled,
        labels,
        np.arange(table.height),
        weights,
        groups,
        group_column=group if isinstance(group, str) else None,
        reading=opened.reading.only(inputs.columns),
    )
    return source, reasons


def _settled(
    table: pl.DataFrame, tasks: TaskSet, roles: Mapping[str, str], weights: np.ndarray | None
) -> tuple[TaskSet, dict[str, str]]:
    settled, reasons = [], {}
    targets = {
        task.name: [weighing(table[column], weights, position) for column in task.columns]
        for position, task in enumerate(tasks)
    }
    empty = unlabelled(targets)
    if not any(task.is_primary for task in tasks if task.name not in empty):
        check_observed(targets)
        empty = ()
    for task in tasks:
        columns = targets[task.name]
        if task.name in empty:  # and left out with those of one class, whatever its kind is
            settled.append(task.with_kind(Regression() if task.kind is None else task.known_kind))
            continue
        for series in columns:
            check_target(task.name, series)
        kind, reasons[task.name] = settled_kind(task, columns, roles)
        settled.append(task.with_kind(kind))
    return TaskSet(settled), reasons
