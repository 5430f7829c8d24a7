"""Predictions → one plain table with a row for every row of the user's table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from polytask.predictor import Predictions

__all__ = ["prediction_table"]


def prediction_table(
    predictions: Predictions, rows: pl.DataFrame, keep: Sequence[str], *, own_rows: bool
) -> pl.DataFrame:
    """Row number, kept columns, and for every task its decision and its probabilities.

    Parameters
    ----------
    predictions : Predictions
    rows : DataFrame of n rows
        The user's table.
    keep : sequence of str
        Its columns to copy; a prediction of the same name is called ``NAME_predicted``.
    own_rows : bool
        Whether each row belongs to one task; all tasks then share the columns of their target.
    """
    answers = _gathered(predictions, rows.height) if own_rows else _side_by_side(predictions)
    front = {"row": pl.Series(np.arange(rows.height)), **{name: rows[name] for name in keep}}
    table = dict(front)
    for name, values in answers.items():
        own = _free(f"{name}_predicted", {*answers, *table}) if name in front else name
        table[own] = pl.Series(values.tolist())
    return pl.DataFrame(table)


def _side_by_side(predictions: Predictions) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name, prediction in predictions.items():
        for column, values in prediction.columns(name):
            found[_free(column, found)] = values
    return found


def _gathered(predictions: Predictions, n_rows: int) -> dict[str, np.ndarray]:
    """One column for all tasks, each row from its own."""
    found: dict[str, np.ndarray] = {}
    for prediction in predictions.values():
        for column, values in prediction.columns(prediction.target.columns[0]):
            whole = found.setdefault(column, np.full(n_rows, None, dtype=object))
            whole[prediction.row_ids] = values
    return found


def _free(name: str, taken: Collection[str]) -> str:
    """The name, with underscores added until no other column has it."""
    while name in taken:
        name += "_"
    return name
