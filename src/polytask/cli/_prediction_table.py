"""Predictions as one table, with one row per row of the user's table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl

from polytask.predictor import Predictions

__all__ = ["prediction_table", "together"]


def prediction_table(
    predictions: Predictions,
    rows: pl.DataFrame,
    keep: Sequence[str],
    *,
    own_rows: bool,
    taken: Collection[str] = (),
) -> pl.DataFrame:
    """Build the table: row number, kept columns, and decision and probabilities per task.

    Rows without a prediction are left out.

    Parameters
    ----------
    predictions : Predictions
    rows : DataFrame of n rows
        The user's table.
    keep : sequence of str
        Its columns to copy; a prediction of the same name is called ``NAME_predicted``.
    own_rows : bool
        Whether each row belongs to one task; all tasks then share the columns of their target.
    taken : collection of str
        Further columns that are copied, from other sources.
    """
    answers = _gathered(predictions, rows.height) if own_rows else _side_by_side(predictions)
    front = {"row": pl.Series(np.arange(rows.height)), **{name: rows[name] for name in keep}}
    table = dict(front)
    for name, values in answers.items():
        copied = name in front or name in taken
        own = _free(f"{name}_predicted", {*answers, *table, *taken}) if copied else name
        table[own] = pl.Series(values.tolist())
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


def _gathered(predictions: Predictions, n_rows: int) -> dict[str, np.ndarray]:
    """Merge all tasks into one set of columns, each row from its own task."""
    columns: dict[str, np.ndarray] = {}
    for prediction in predictions.values():
        for column, values in prediction.columns(prediction.target.columns[0]):
            whole = columns.setdefault(column, np.full(n_rows, None, dtype=object))
            whole[prediction.row_ids] = values
    return columns


def _free(name: str, taken: Collection[str]) -> str:
    """Append underscores to the name until no other column has it."""
    while name in taken:
        name += "_"
    return name
