"""Sources of separate tables per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count
from polytask.data.cells import Reading, family, markers_by_column, roles_by_column, tensor_shape
from polytask.data.dataset._array_targets import array_targets
from polytask.data.dataset._from_long import own_row_source
from polytask.data.dataset._from_table import table_source
from polytask.data.dataset._table_sources import MadeSources
from polytask.data.readers import NO_ROLES, Table, as_table, categories_of, joined, prepared
from polytask.data.sources import (
    Source,
    check_target,
    check_weighed,
    column_values,
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
        check_target(task.name, table.frame[_TARGET], task.kind)
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
    if isinstance(given, Task):
        return replace(given, target=_TARGET)
    return Task(given, kinds.get(given) if isinstance(kinds, Mapping) else kinds, _TARGET)


def _joined(task: Task, X: Any, y: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Join inputs and target of a task in one frame; also return its categorical columns."""
    name = task.name
    inputs = as_table(X)
    if _TARGET in inputs.columns:
        sentence = f"Task {name!r}: no input may be called {_TARGET!r}. Rename that column."
        raise DataError(sentence)
    target = _series(task, y)
    if len(target) != inputs.height:
        sentence = (
            f"Task {name!r}: X and y must have one length. "
            f"Got {inputs.height} and {count(len(target), 'row')}."
        )
        raise DataError(sentence)
    categories = categories_of(X, inputs.columns) + categories_of(y, [_TARGET])
    return inputs.with_columns(target), categories


def _series(task: Task, y: Any) -> pl.Series:
    name, of_pixels = task.name, isinstance(task.kind, Kind) and task.kind.form == "map"
    table = array_targets(y, of_pixels=of_pixels).table
    if table.width != 1:
        sentence = (
            f"Task {name!r}: y must have one value for each row. Got {count(table.width, 'column')}; "
            "make each a task of its own."
        )
        raise DataError(sentence)
    return table.to_series().rename(_TARGET)


def _agree(tasks: Sequence[Task], tables: Sequence[Table]) -> bool:
    """Whether one source can hold all tasks: same inputs, kind, loss, classes and units."""
    frames, roles = [table.frame for table in tables], tables[0].reading.roles
    kinds = [
        settled_kind(task, [table.frame[_TARGET]], table.reading.roles)[0]
        for task, table in zip(tasks, tables, strict=True)
    ]
    kind, loss, shape = kinds[0], tasks[0].loss, _shape(frames[0])
    if any(other != kind for other in kinds) or any(task.loss != loss for task in tasks):
        return False
    if any(_shape(frame) != shape for frame in frames):
        return False
    if any(table.reading.roles != roles for table in tables):
        return False
    targets = {t.name: _columns(f[_TARGET]) for t, f in zip(tasks, frames, strict=True)}
    together = pl.concat([frame.select(_TARGET) for frame in frames], how="vertical_relaxed")
    try:
        common = kind.fit("all", _columns(together[_TARGET]))
    except DataError:  # such as two classes here and two others there
        return False
    return _same_classes(kind, common, targets) and _same_units(kind, common, targets)


def _columns(target: pl.Series) -> Mapping[str, np.ndarray]:
    return {_TARGET: column_values(target.drop_nulls())}


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
    return all(units[0] <= _UNITS * own[0] for own in alone)


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
        table.drop(_TARGET, *tables[0].dropped(())),
        table.select(_TARGET),
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
