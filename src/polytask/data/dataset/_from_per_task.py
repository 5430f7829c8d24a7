"""Sources of separate tables per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count, enumerated
from polytask.data.cells import Reading, family, markers_by_column, roles_by_column, tensor_shape
from polytask.data.dataset._array_targets import array_targets
from polytask.data.dataset._from_long import own_row_source
from polytask.data.dataset._from_table import table_source
from polytask.data.dataset._table_sources import MadeSources
from polytask.data.names import require_columns
from polytask.data.readers import NO_ROLES, Table, as_table, categories_of, joined, prepared
from polytask.data.sources import (
    Source,
    TableLabels,
    check_target,
    check_weighed,
    row_weights,
    settled_kind,
)
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import FittedTarget, Kind, Task, TaskSet

__all__ = ["per_task_sources"]

_TARGET = "target"
_UNITS = 10.0
"""Ratio of the common scale to a task's own scale above which units differ."""


Targets = Mapping[str, Mapping[str, np.ndarray]]
"""Task name → its target columns."""


def per_task_sources(
    data: Mapping[Any, tuple[Any, Any]],
    kinds: Mapping[str, Kind | str] | Kind | str | None,
    weights: Mapping[str, Any] | None = None,
    *,
    columns: Mapping[str, str] = NO_ROLES,
    missing: Any = (),
) -> MadeSources:
    """Make one source if the tasks' columns and targets agree, otherwise one source per task."""
    if not data:
        sentence = "The `data` parameter of from_per_task must hold at least one task. Got none."
        raise ParameterError(sentence)
    tasks = TaskSet(_task(given, kinds) for given in data)
    pairs = [_joined(task, *pair) for task, pair in zip(tasks, data.values(), strict=True)]
    names = list(dict.fromkeys(name for frame, _ in pairs for name in frame.columns))
    roles, markers = roles_by_column(columns, names), markers_by_column(missing, names)
    tables = [
        prepared(
            frame,
            categories=categories,
            columns={name: role for name, role in roles.items() if name in frame.columns},
            missing={name: cells for name, cells in markers.items() if name in frame.columns},
        )
        for frame, categories in pairs
    ]
    for task, table in zip(tasks, tables, strict=True):
        for column in task.columns:
            check_target(task.name, table.frame[column], task.kind)
    notes = tuple(dict.fromkeys(note for table in tables for note in table.notes))
    weighed = _weights(tasks, [table.frame for table in tables], weights)
    if _agree(tasks, tables):
        source, reasons = _joined_source(tasks, tables, weighed)
        return MadeSources([source], reasons, tasks, NO_ROLES, notes)
    built = [
        table_source(
            table,
            tasks.subset([task.name]),
            features=None,
            drop=(),
            weight=weighed.get(task.name),
            group=None,
            name=task.name,
        )
        for task, table in zip(tasks, tables, strict=True)
    ]
    reasons = {name: why for _, by_name in built for name, why in by_name.items()}
    return MadeSources([source for source, _ in built], reasons, tasks, NO_ROLES, notes)


def _weights(
    tasks: Sequence[Task], tables: Sequence[pl.DataFrame], weights: Mapping[str, Any] | None
) -> dict[str, np.ndarray]:
    """Row weights of the tasks that have weights."""
    by_task = {}
    names = [task.name for task in tasks]
    check_weighed(weights or (), names)
    for name, of_task in (weights or {}).items():
        made = row_weights(tables[names.index(name)], of_task, [name])
        if made is not None:
            by_task[name] = made
    return by_task


def _task(given: Task | str, kinds: Mapping[str, Kind | str] | Kind | str | None) -> Task:
    """The task with its own names of several columns, or one common name of a single one."""
    if isinstance(given, Task):
        return given if len(given.columns) > 1 else replace(given, target=_TARGET)
    return Task(given, kinds.get(given) if isinstance(kinds, Mapping) else kinds, _TARGET)


def _joined(task: Task, X: Any, y: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Join inputs and targets of a task in one frame; also return its categorical columns."""
    name = task.name
    inputs = as_table(X)
    for column in task.columns:
        if column in inputs.columns:
            sentence = f"Task {name!r}: no input may be called {column!r}. Rename that column."
            raise DataError(sentence)
    targets = _targets(task, y)
    if targets.height != inputs.height:
        sentence = (
            f"Task {name!r}: X and y must have one length. "
            f"Got {inputs.height} and {count(targets.height, 'row')}."
        )
        raise DataError(sentence)
    categories = categories_of(X, inputs.columns) + categories_of(y, task.columns)
    return inputs.hstack(targets), categories


def _targets(task: Task, y: Any) -> pl.DataFrame:
    """The task's columns, by name, or by position if no name matches."""
    of_pixels = isinstance(task.kind, Kind) and task.kind.form == "map"
    table, named, _ = array_targets(y, of_pixels=of_pixels)
    if named and len(task.columns) > 1 and not set(task.columns).isdisjoint(table.columns):
        require_columns(table.columns, task.columns, f"Task {task.name!r}: the target")
        return table.select(task.columns)
    if table.width != len(task.columns):
        raise DataError(_other_width(task, table))
    return table.rename(dict(zip(table.columns, task.columns, strict=True)))


def _other_width(task: Task, table: pl.DataFrame) -> str:
    start, got = f"Task {task.name!r}: y must have", f"Got {count(table.width, 'column')}"
    if len(task.columns) > 1:
        return f"{start} the {len(task.columns)} columns {enumerated(task.columns)}. {got}."
    kind = f"{task.kind.name!r}" if isinstance(task.kind, Kind) else None
    arguments = ", ".join(filter(None, (repr(task.name), kind, f"target={tuple(table.columns)}")))
    return (
        f"{start} one value for each row. {got}; make each a task of its own, or name them all in one "
        f"task: Task({arguments})."
    )


def _agree(tasks: Sequence[Task], tables: Sequence[Table]) -> bool:
    """Whether one source can hold all tasks: same inputs, columns, kind, loss, classes and units."""
    frames, roles, first = [table.frame for table in tables], tables[0].reading.roles, tasks[0]
    kinds = [
        settled_kind(task, table.frame.select(task.columns).get_columns(), table.reading.roles)[0]
        for task, table in zip(tasks, tables, strict=True)
    ]
    kind, shape = kinds[0], _shape(frames[0])
    if any(other != kind for other in kinds) or any(
        (task.loss, task.columns) != (first.loss, first.columns) for task in tasks
    ):
        return False
    if any(_shape(frame) != shape for frame in frames):
        return False
    if any(table.reading.roles != roles for table in tables):
        return False
    only = [frame.select(first.columns) for frame in frames]
    together = pl.concat(only, how="vertical_relaxed")
    try:
        common = kind.fit("all", _columns(together, kind))
    except DataError:  # such as two classes here and two others there
        return False
    targets = {task.name: _columns(own, kind) for task, own in zip(tasks, only, strict=True)}
    return _same_classes(kind, common, targets) and _same_units(kind, common, targets)


def _columns(targets: pl.DataFrame, kind: Kind) -> Mapping[str, np.ndarray]:
    """The target columns at rows with labels."""
    whole = frozenset({_TARGET} if kind.whole_rows else ())
    return TableLabels(targets, {_TARGET: tuple(targets.columns)}, whole=whole).columns(_TARGET)


def _shape(frame: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    return tuple(
        (series.name, f"{family(series)} {_size(series)}") for series in frame.iter_columns()
    )


def _size(series: pl.Series) -> tuple[int, ...]:
    return tensor_shape(series) if isinstance(series.dtype, pl.Array) else ()


def _same_classes(kind: Kind, common: FittedTarget, targets: Targets) -> bool:
    """Whether some task has all classes, which tasks with fewer classes then share."""
    counted = (kind.counted(list(columns.values()), common) for columns in targets.values())
    return any(all(fitted.learned.get("class_counts", ())) for fitted in counted)


def _same_units(kind: Kind, common: FittedTarget, targets: Targets) -> bool:
    units = kind.deviations(common)
    if not units:
        return True
    alone = (kind.deviations(kind.fit(name, columns)) for name, columns in targets.items())
    pairs = (pair for own in alone for pair in zip(units, own, strict=True))
    return all(unit <= _UNITS * own for unit, own in pairs)


def _joined_source(
    tasks: TaskSet, tables: Sequence[Table], weights: Mapping[str, np.ndarray]
) -> tuple[Source, dict[str, str]]:
    frames = [table.frame for table in tables]
    table = pl.concat(frames, how="vertical_relaxed")
    index = np.repeat(np.arange(len(frames), dtype=np.int32), [frame.height for frame in frames])
    own = [
        weights.get(task.name, np.ones(frame.height))
        for task, frame in zip(tasks, frames, strict=True)
    ]
    return own_row_source(
        table.drop(*tasks[0].columns, *tables[0].dropped(())),
        table.select(tasks[0].columns),
        index,
        tasks,
        reading=_reading(tables),
        weights=np.concatenate(own) if weights else None,
    )


def _reading(tables: Sequence[Table]) -> Reading:
    """The first table's reading, with the missing markers of all tables."""
    missing: dict[str, tuple[str, ...]] = {}
    for table in tables:
        missing = joined(missing, table.reading.missing)
    unique = {name: tuple(dict.fromkeys(cells)) for name, cells in missing.items()}
    return replace(tables[0].reading, missing=unique)
