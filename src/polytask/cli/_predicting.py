"""Prediction of tables' rows by a saved model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.cli._prediction_table import prediction_table, together
from polytask.cli._tasks import column_names
from polytask.cli._text_format import text_format
from polytask.cli._voice import Voice
from polytask.data import SourceColumns, rows_to_predict, source_rows_to_predict
from polytask.exceptions import DataError
from polytask.predictor import FittedPredictor, SavedModel, open_model

__all__ = ["predict_rows"]


def predict_rows(
    model: Path,
    paths: Mapping[str, Path],
    keep: Sequence[str],
    how: Mapping[str, Any],
    trust: Sequence[str],
    voice: Voice,
) -> tuple[pl.DataFrame, str]:
    """Predict every row, after checking the tables, and before building a model that needs torch.

    Parameters
    ----------
    model : Path
    paths : mapping of source name to Path
        The file of each source, or of the one table under an empty name.
    keep : sequence of str
        Columns to copy.
    how : mapping
        How files are written, as `rows_to_predict` takes it.
    trust : sequence of str
    voice : Voice

    Returns
    -------
    answers : DataFrame
    name : str
        Of the model.
    """
    saved = open_model(model, trust)
    how = text_format(how, () if "" in paths else paths)
    if "" in paths:
        predictor, answers = _one_table(saved, paths[""], keep, how, voice)
    else:
        predictor, answers = _sources(saved, paths, keep, how, voice)
    return answers, predictor.name


def _one_table(
    saved: SavedModel, path: Path, keep: Sequence[str], how: Mapping[str, Any], voice: Voice
) -> tuple[FittedPredictor, pl.DataFrame]:
    saved.check_sources(())
    rows = rows_to_predict(path, saved.schemas.values(), saved.tasks, **how)
    kept = _own_kept(saved, next(iter(saved.schemas)), rows, _kept(keep, rows.columns))
    saved.check(rows)
    predictor = saved.predictor()  # a network loads torch
    predictions = predictor.predict(rows)
    for note in (*saved.notes, *predictions.notes):
        voice.note(f"note: {note}")
    own_rows = any(schema.own_rows for schema in saved.schemas.values())
    return predictor, prediction_table(predictions, rows, kept, own_rows=own_rows)


def _sources(
    saved: SavedModel,
    paths: Mapping[str, Path],
    keep: Sequence[str],
    how: Mapping[str, Any],
    voice: Voice,
) -> tuple[FittedPredictor, pl.DataFrame]:
    saved.check_sources(list(paths))
    tables = source_rows_to_predict(paths, saved.schemas, saved.tasks, **how)
    columns = SourceColumns({name: rows.columns for name, rows in tables.items()})
    wanted = dict.fromkeys(_kept(keep, columns))
    kept = {
        name: _own_kept(saved, name, rows, list(columns.of(name, wanted)))
        for name, rows in tables.items()
    }
    saved.check(tables)
    predictor = saved.predictor()  # a network loads torch
    answers, copied = {}, {name for names in kept.values() for name in names}
    for note in saved.notes:
        voice.note(f"note: {note}")
    for name, rows in tables.items():
        predictions = predictor.predict({name: rows})
        for note in predictions.notes:
            voice.note(f"note: {name}: {note}")
        own_rows = saved.schemas[name].own_rows
        answers[name] = prediction_table(
            predictions, rows, kept[name], own_rows=own_rows, taken=copied
        )
    return predictor, together(answers, kept)


def _kept(keep: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns that `--keep` lists."""
    kept = column_names(keep, columns)
    for name in kept:
        if name not in columns:
            known, where = columns, "the table"
            if isinstance(columns, SourceColumns):
                known, where = columns if "/" in name else list(columns.plain), "any source"
            sentence = f"The column to keep, {name!r}, is not in {where}."
            raise DataError(f"{sentence} {suggestion(name, known)}")
    return kept


def _own_kept(saved: SavedModel, source: str, rows: pl.DataFrame, kept: list[str]) -> list[str]:
    """Columns of a source to copy; first the column that names each row's task."""
    schema = saved.schemas[source]
    if schema.own_rows and schema.task_column in rows.columns:
        return list(dict.fromkeys([schema.task_column, *kept]))
    return kept
