"""numpy arrays as a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from polytask.data._frames import array_columns, to_polars
from polytask.data._from_long import own_row_source
from polytask.data._from_table import table_source
from polytask.data._inputs import choose_inputs
from polytask.data._row_values import row_groups, row_weights
from polytask.data._source import Source
from polytask.exceptions import DataError
from polytask.tasks import Task, TaskSet

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
) -> tuple[Source, tuple[str, ...]]:
    """The source of inputs X and targets Y, and notes."""
    inputs = to_polars(array_columns(np.asarray(X), names))
    Y = np.asarray(Y)
    if len(Y) != inputs.height:
        sentence = f"X and Y must have one length. Got {inputs.height} and {len(Y)} rows."
        raise DataError(sentence)
    if task_index is not None:
        return _own_rows(inputs, Y, tasks, weights, groups, np.asarray(task_index))
    Y = Y[:, None] if Y.ndim == 1 else Y
    chosen = (
        TaskSet(f"y{column}" for column in range(Y.shape[1])) if tasks is None else TaskSet(tasks)
    )
    if len(chosen.columns) != Y.shape[1]:
        sentence = (
            f"Y must have one column for each target of the tasks, {', '.join(chosen.columns[:5])}"
            f"{', …' if len(chosen.columns) > 5 else ''} ({len(chosen.columns)}). "
            f"Got {Y.shape[1]} columns."
        )
        raise DataError(sentence)
    table = inputs.hstack(to_polars(array_columns(Y, chosen.columns)))
    return table_source(
        table, chosen, features=inputs.columns, drop=(), weight=weights, group=groups
    )


def _own_rows(
    inputs: pl.DataFrame,
    Y: np.ndarray,
    tasks: Iterable[Task | str] | None,
    weights: Any,
    groups: Any,
    task_index: np.ndarray,
) -> tuple[Source, tuple[str, ...]]:
    if Y.size != len(Y):
        sentence = f"With `task_index`, Y must have one value a row. Got the shape {Y.shape}."
        raise DataError(sentence)
    given = map(str, range(int(task_index.max()) + 1)) if tasks is None else tasks
    chosen = TaskSet(replace(task, target="y") for task in TaskSet(given))
    if task_index.shape != Y.shape[:1] or task_index.min() < 0 or task_index.max() >= len(chosen):
        sentence = (
            f"`task_index` must hold a whole number from 0 to {len(chosen) - 1} for each of the "
            f"{len(Y)} rows. Got the shape {task_index.shape}, from {task_index.min()} to "
            f"{task_index.max()}."
        )
        raise DataError(sentence)
    return own_row_source(
        choose_inputs(inputs, None, (), ()),
        to_polars(array_columns(Y.reshape(-1), ["y"]))["y"],
        task_index.astype(np.int32),
        chosen,
        weights=row_weights(inputs, weights),
        groups=row_groups(inputs, groups),
    )
