"""Source of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count
from polytask.data.dataset._array_targets import Targets, array_targets
from polytask.data.dataset._from_long import free_name, own_row_source
from polytask.data.dataset._from_table import table_source
from polytask.data.dataset._input_columns import choose_inputs
from polytask.data.names import require_columns
from polytask.data.readers import (
    Table,
    array_columns,
    as_array,
    as_table,
    categories_of,
    is_sparse,
    is_tensor,
    no_duplicates,
    prepared,
)
from polytask.data.sources import Source, row_groups, row_weights
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["arrays_source"]


def arrays_source(
    X: Any,
    Y: Any,
    tasks: Iterable[Task | str] | None,
    *,
    names: Sequence[str] | None,
    weights: Any,
    groups: Any,
    task_index: Any,
    columns: Mapping[str, str],
    missing: Any,
) -> tuple[Source, dict[str, str], tuple[str, ...]]:
    """Make the source of inputs X and targets Y; also return reasons of kinds, and notes."""
    inputs = _inputs(X, names)
    given = () if tasks is None else tuple(tasks)
    tasks = None if tasks is None else given
    of_pixels = any(isinstance(task, Task) and _labels_pixels(task) for task in given)
    targets = array_targets(Y, of_pixels=of_pixels)
    if targets.table.height != inputs.height:
        sentence = (
            f"X and Y must have one length. Got {inputs.height} and {count(targets.table.height, 'row')}. "
            "Y has one row for each of X, and one column (or name) for each target."
        )
        raise DataError(sentence)
    categories = categories_of(X, inputs.columns)
    if task_index is not None:
        target = free_name("y", inputs.columns)
        table = inputs.with_columns(_only_target(targets).rename(target))
        categories += categories_of(Y, [target])
        opened = prepared(table, categories=categories, columns=columns, missing=missing)
        own = _own_rows(opened, target, tasks, weights, groups, np.asarray(task_index))
        return *own, targets.notes + opened.notes
    chosen = TaskSet(targets.table.columns if tasks is None else tasks)
    categories += categories_of(Y, chosen.columns)
    table = _side_by_side(inputs, _chosen_columns(targets, chosen))
    opened = prepared(table, categories=categories, columns=columns, missing=missing)
    source, reasons = table_source(
        opened, chosen, features=None, drop=(), weight=weights, group=groups
    )
    return source, reasons, targets.notes + opened.notes


def _inputs(X: Any, names: Sequence[str] | None) -> pl.DataFrame:
    """Inputs by their own names if they have any, otherwise ``x0`` … ."""
    unnamed = is_sparse(X) or isinstance(X, np.ndarray | list | tuple) or is_tensor(type(X))
    if _are_sequences(X):
        return as_table({names[0] if names else "x": X})
    if unnamed and not _are_rows(X):
        return as_table(array_columns(as_array(X), names))
    table = as_table(X)
    if names is None:
        return table
    if len(names) != table.width:
        sentence = f"The `names` parameter must name {count(table.width, 'column')}. Got {len(names)} instead."
        raise ParameterError(sentence)
    no_duplicates(names)
    return table.rename(dict(zip(table.columns, names, strict=True)))


def _are_rows(X: Any) -> bool:
    return isinstance(X, list | tuple) and bool(X) and all(isinstance(row, Mapping) for row in X)


def _are_sequences(X: Any) -> bool:
    """Whether rows are arrays that differ in shape: one column of sequences."""
    if not isinstance(X, list | tuple) or not X:
        return False
    kinds = {type(row) for row in X}
    if not all(issubclass(kind, np.ndarray) or is_tensor(kind) for kind in kinds):
        return False
    return len({tuple(row.shape) for row in X}) > 1


def _chosen_columns(targets: Targets, tasks: TaskSet) -> pl.DataFrame:
    """The columns of the tasks, by name, or by position if no name matches."""
    table = targets.table
    if targets.named and not set(tasks.columns).isdisjoint(table.columns):
        require_columns(table.columns, tasks.columns, "The target")
        return table.select(tasks.columns)
    if len(tasks.columns) != table.width:
        sentence = (
            f"Y must have one column for each target of the tasks, {', '.join(tasks.columns[:5])}"
            f"{', …' if len(tasks.columns) > 5 else ''} ({len(tasks.columns)}). "
            f"Got {count(table.width, 'column')}."
        )
        raise DataError(sentence)
    return table.rename(dict(zip(table.columns, tasks.columns, strict=True)))


def _side_by_side(inputs: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Join inputs and targets, whose names must differ."""
    both = [name for name in targets.columns if name in inputs.columns]
    if both:
        sentence = f"X and Y both have a column {both[0]!r}. Rename or remove one of them."
        raise DataError(sentence)
    return inputs.hstack(targets)


def _only_target(targets: Targets) -> pl.Series:
    if targets.table.width != 1:
        sentence = (
            f"With `task_index`, Y must have one value per row. Got the shape "
            f"{targets.table.shape}."
        )
        raise DataError(sentence)
    return targets.table.to_series()


def _own_rows(
    opened: Table,
    name: str,
    tasks: Iterable[Task | str] | None,
    weights: Any,
    groups: Any,
    task_index: np.ndarray,
) -> tuple[Source, dict[str, str]]:
    target = opened.frame[name]
    given = map(str, range(int(task_index.max()) + 1)) if tasks is None else tasks
    chosen = TaskSet(replace(task, target=name) for task in TaskSet(given))
    if (
        task_index.shape != (len(target),)
        or task_index.min() < 0
        or task_index.max() >= len(chosen)
    ):
        sentence = (
            f"`task_index` must hold a whole number from 0 to {len(chosen) - 1} for each of the "
            f"{len(target)} rows. Got the shape {task_index.shape}, from {task_index.min()} to "
            f"{task_index.max()}."
        )
        raise DataError(sentence)
    inputs = opened.frame.drop(name)
    return own_row_source(
        choose_inputs(inputs, None, opened.dropped(()), ()),
        opened.frame.select(name),
        task_index.astype(np.int32),
        chosen,
        weights=row_weights(inputs, weights, chosen.names),
        groups=row_groups(inputs, groups),
        reading=opened.reading,
    )


def _labels_pixels(task: Task) -> bool:
    return isinstance(task.kind, Kind) and task.kind.form == "map"
