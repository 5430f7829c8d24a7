"""Row weights from names of columns or arrays, for all tasks or per task."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._listing import count
from polytask._naming import suggestion
from polytask._validation import message
from polytask.data.sources._row_values import column_or_values
from polytask.exceptions import DataError, ParameterError

__all__ = ["Weights", "check_weighed", "own_weights", "row_weights", "weighing", "weight_columns"]

Weights = Float64[np.ndarray, " n"] | Float64[np.ndarray, "n n_tasks"]


def row_weights(table: pl.DataFrame, weight: Any, tasks: Sequence[str]) -> Weights | None:
    """Read row weights, which must be at least 0; NaN where a cell is missing.

    Parameters
    ----------
    table : polars.DataFrame of n rows
    weight : None, str, array of shape (n,) or (n, n_tasks), or mapping
        A column or values, or a mapping of them by task, where None stands for all other tasks.
        Tasks without weights have weight 1.
    tasks : sequence of str

    Returns
    -------
    array of shape (n,), or (n, n_tasks) if tasks may differ
    """
    if weight is None:
        return None
    if isinstance(weight, Mapping):
        return _by_task(table, weight, tasks)
    if np.ndim(weight) == 2 and not isinstance(weight, str):
        return _matrix(np.asarray(weight), table.height, tasks)
    return _checked(column_or_values(table, weight, "weight"))


def own_weights(weights: Weights | None, task_index: np.ndarray) -> np.ndarray | None:
    """The weight of each row for the task that it belongs to."""
    if weights is None or weights.ndim == 1:
        return weights
    return weights[np.arange(len(weights)), task_index]


def weighing(series: pl.Series, weights: Weights | None, task: int = 0) -> pl.Series:
    """The cells of a target column whose rows have positive weight for a task."""
    if weights is None:
        return series
    of_task = weights if weights.ndim == 1 else weights[:, task]
    kept = series.filter(pl.Series(of_task != 0))
    if len(series) and not len(kept):
        sentence = (
            f"All rows have the weight 0 for the target {series.name!r}, which leaves nothing to "
            "learn from. Give some of them a weight, or drop the task."
        )
        raise DataError(sentence)
    return kept


def weight_columns(weight: Any) -> list[str]:
    """Names of the columns that hold row weights, of the argument `weight` of `read`.

    Examples
    --------
    >>> from polytask.data import weight_columns
    >>> weight_columns({"income": "w", "fraud": [1.0, 2.0]})
    ['w']
    """
    given = weight.values() if isinstance(weight, Mapping) else [weight]
    return list(dict.fromkeys(name for name in given if isinstance(name, str)))


def check_weighed(weighed: Iterable[Any], tasks: Collection[str]) -> None:
    """Raise if row weights are given to a task that is none; None stands for the others.

    Raises
    ------
    ParameterError
    """
    for name in weighed:
        if name is not None and name not in tasks:
            guess = suggestion(str(name), tasks)
            raise ParameterError(f"There is no task named {name!r} to give row weights. {guess}")


def _by_task(table: pl.DataFrame, weight: Mapping[Any, Any], tasks: Sequence[str]) -> Weights:
    check_weighed(weight, tasks)
    made = {
        name: _checked(column_or_values(table, given, "weight")) for name, given in weight.items()
    }
    others = made.get(None, np.ones(table.height))
    return np.stack([made.get(name, others) for name in tasks], axis=1)


def _matrix(weight: np.ndarray, n_rows: int, tasks: Sequence[str]) -> Weights:
    if weight.shape != (n_rows, len(tasks)):
        expected = (
            f"an array of shape ({n_rows},) or, one column per task, ({n_rows}, {len(tasks)})"
        )
        raise ParameterError(message("the data set", "weight", expected, weight))
    columns = [
        _checked(pl.Series(f"weight of {name}", np.ascontiguousarray(column)))
        for name, column in zip(tasks, weight.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def _checked(series: pl.Series) -> Float64[np.ndarray, " n"]:
    if series.dtype != pl.Boolean and not series.dtype.is_numeric():
        sentence = (
            f"Row weights must be numbers. Column {series.name!r} has the type {series.dtype}."
        )
        raise DataError(sentence)
    values = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    bad = (values < 0) | np.isinf(values)
    if bad.any():
        row = int(bad.argmax())
        sentence = (
            f"Row weights must be finite and at least 0. Got {values[row]:g} in row {row} of "
            f"{series.name!r} ({count(int(bad.sum()), 'such row')}); 0 leaves a row out."
        )
        raise DataError(sentence)
    return values
