"""Rows of a table predicted by a saved model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.cli._prediction_table import prediction_table
from polytask.cli._tasks import column_names
from polytask.cli._voice import Voice
from polytask.data import Schema, rows_to_predict
from polytask.exceptions import DataError
from polytask.predictor import open_model

__all__ = ["predict_rows"]


def predict_rows(
    model: Path,
    table: Path,
    keep: Sequence[str],
    how: Mapping[str, Any],
    trust: Sequence[str],
    voice: Voice,
) -> tuple[pl.DataFrame, str]:
    """Predict every row; the table is checked before the model is built, which may load torch.

    Returns
    -------
    answers : DataFrame
    name : str
        Of the model.
    """
    saved = open_model(model, trust)
    rows = rows_to_predict(table, saved.schemas.values(), saved.tasks, **how)
    kept = _kept(saved.schemas.values(), rows, keep)
    saved.check(rows)
    predictor = saved.predictor()  # a network loads torch
    predictions = predictor.predict(rows)
    for note in (*saved.notes, *predictions.notes):
        voice.note(f"note: {note}")
    own_rows = any(schema.own_rows for schema in saved.schemas.values())
    answers = prediction_table(predictions, rows, kept, own_rows=own_rows)
    return answers, predictor.name


def _kept(schemas: Iterable[Schema], rows: pl.DataFrame, keep: Sequence[str]) -> list[str]:
    """Columns to copy: the task of each row, and those that were asked for."""
    kept = column_names(keep, rows.columns)
    for schema in schemas:
        if schema.own_rows and schema.task_column in rows.columns:
            kept = list(dict.fromkeys([schema.task_column, *kept]))
    for name in kept:
        if name not in rows.columns:
            sentence = f"The column to keep, {name!r}, is not in the table."
            raise DataError(f"{sentence} {suggestion(name, rows.columns)}")
    return kept
