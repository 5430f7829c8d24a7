"""Predictions as one table, with one row per row of the user's table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from polytask.predictor import Predictions, RoutedPrediction

__all__ = ["prediction_table", "together"]


def prediction_table(
    predictions: Predictions,
    rows: pl.DataFrame,
    keep: Sequence[str],
    *,
    task_column: str | None,
    taken: Collection[str] = (),
) -> pl.DataFrame:
    """Build the table: row number, kept columns, and decision and probabilities per task.

    Rows without a prediction are left out. Where each row has one task, tasks share the columns
    of their target, unless rows are predicted for several; the task of a routed row and its
    probability have columns of their own.

    Parameters
    ----------
    predictions : Predictions
    rows : DataFrame of n rows
        The user's table.
    keep : sequence of str
        Its columns to copy; a prediction of the same name is called ``NAME_predicted``.
    task_column : str, optional
        The column that names the task of each row, where rows have one.
    taken : collection of str
        Further columns that are copied, from other sources.
    """
    own_rows = task_column is not None and _is_of_one_task_each(predictions)
    answers = _gathered(predictions, rows.height) if own_rows else _side_by_side(predictions)
    front = {"row": pl.Series(np.arange(rows.height)), **{name: rows[name] for name in keep}}
    if task_column is not None and predictions.routed is not None:
        front[task_column] = pl.Series(_tasks(predictions, rows.height).tolist())
        probability = _probabilities(predictions.routed, rows.height)
        front[_free(f"{task_column}_probability", front)] = pl.Series(probability.tolist())
    table = dict(front)
    for name, values in answers.items():
        copied = name in front or name in taken
        own = _free(f"{name}_predicted", {*answers, *table, *taken}) if copied else name
        table[own] = _series(values)
    row_ids = [prediction.row_ids for prediction in predictions.values()]
    return pl.DataFrame(table)[np.unique(np.concatenate(row_ids))]


def together(
    answers: Mapping[str, pl.DataFrame], kept: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """The tables of several sources one below another, after a column of their names.

    Parameters
    ----------
    answers : mapping of source name to DataFrame
        Each from `prediction_table`; what others do not have is null.
    kept : mapping of source name to sequence of str
        The columns that were copied, which come first.
    """
    front = list(dict.fromkeys(["row", *(name for names in kept.values() for name in names)]))
    joined = pl.concat(answers.values(), how="diagonal_relaxed")
    source = _free("source", joined.columns)
    names = [name for name, table in answers.items() for _ in range(table.height)]
    return joined.select(pl.Series(source, names, dtype=pl.String), *front, pl.exclude(front))


def _side_by_side(predictions: Predictions) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    for name, prediction in predictions.items():
        for column, values in prediction.columns(name):
            columns[_free(column, columns)] = values
    return columns


def _is_of_one_task_each(predictions: Predictions) -> bool:
    """Whether each row has the answer of one task, its own or that to which it was routed."""
    row_ids = np.concatenate([prediction.row_ids for prediction in predictions.values()])
    return predictions.routed is not None or len(np.unique(row_ids)) == len(row_ids)


def _gathered(predictions: Predictions, n_rows: int) -> dict[str, np.ndarray]:
    """Merge all tasks into one set of columns, each row from its own task."""
    columns: dict[str, np.ndarray] = {}
    for task, prediction in predictions.items():
        own = _own(predictions, task)
        for column, values in prediction.columns(prediction.target.columns[0]):
            whole = columns.setdefault(column, np.full(n_rows, None, dtype=object))
            whole[prediction.row_ids[own]] = values[own]
    return columns


def _own(predictions: Predictions, task: str) -> Any:
    """Which rows of a task's predictions are its own."""
    return slice(None) if predictions.routed is None else predictions.routed.answers(task)


def _tasks(predictions: Predictions, n_rows: int) -> np.ndarray:
    """The task that answers each row."""
    tasks = np.full(n_rows, None, dtype=object)
    for task, prediction in predictions.items():
        tasks[prediction.row_ids[_own(predictions, task)]] = task
    return tasks


def _probabilities(routed: RoutedPrediction, n_rows: int) -> np.ndarray:
    """The probability of the task to which each row was routed; None for others."""
    probabilities = np.full(n_rows, None, dtype=object)
    probabilities[routed.row_ids] = routed.probability.max(axis=1)
    return probabilities


def _series(values: np.ndarray) -> pl.Series:
    """A column of answers; of arrays, as of the pixels of an image, where there are any."""
    arrays = [cell for cell in values if isinstance(cell, np.ndarray)]
    if not arrays:
        return pl.Series(values.tolist())
    stacked = pl.Series(np.stack(arrays))
    positions = np.cumsum([isinstance(cell, np.ndarray) for cell in values]) - 1
    there = pl.Series([isinstance(cell, np.ndarray) for cell in values])
    return (
        stacked.gather(np.maximum(positions, 0))
        .to_frame("cells")
        .select(pl.when(there).then(pl.col("cells")))
        .to_series()
    )


def _free(name: str, taken: Collection[str]) -> str:
    """Append underscores to the name until no other column has it."""
    while name in taken:
        name += "_"
    return name
