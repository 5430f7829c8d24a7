"""Prediction of tables' rows by a saved model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.cli._kept_images import images_as_written
from polytask.cli._listed_names import distinct_names, listed_names
from polytask.cli._prediction_table import prediction_table, together
from polytask.cli._task_numbers import task_numbers
from polytask.cli._task_options import chosen_thresholds
from polytask.cli._text_format import text_format
from polytask.cli._voice import Voice
from polytask.data import Schema, SourceColumns, rows_to_predict, source_rows_to_predict
from polytask.exceptions import DataError
from polytask.predictor import FittedPredictor, SavedModel, open_model
from polytask.predictor._preference import normalised_preference

__all__ = ["predict_rows"]


def predict_rows(
    model: Path,
    paths: Mapping[str, Path],
    keep: Sequence[str],
    tasks: Sequence[str],
    how: Mapping[str, Any],
    trust: Sequence[str],
    voice: Voice,
    *,
    preference: Sequence[str] = (),
    threshold: Sequence[str] = (),
) -> tuple[pl.DataFrame, str]:
    """Predict every row, after checking the tables, and before building a model that needs torch.

    Parameters
    ----------
    model : Path
    paths : mapping of source name to Path
        The file of each source, or of the one table under an empty name.
    keep : sequence of str
        Columns to copy.
    tasks : sequence of str
        The only tasks to predict, as the option lists them; all if empty.
    how : mapping
        How files are written, as `rows_to_predict` takes it.
    trust : sequence of str
    voice : Voice
    preference : sequence of str
        ``TASK=NUMBER`` of every task, with commas or several.
    threshold : sequence of str
        ``TASK=NUMBER``, or one number for all tasks whose decisions have a threshold.

    Returns
    -------
    answers : DataFrame
    name : str
        Of the model.
    """
    saved = open_model(model, trust)
    how = text_format(how, () if "" in paths else paths)
    named = distinct_names("--task", tasks, saved.tasks.names) if tasks else None
    shares = None
    if preference:
        saved.check_takes_preference()
        shares = task_numbers("--preference", preference, saved.tasks.names)
        normalised_preference(shares, saved.tasks)
    if threshold:
        saved = saved.at_thresholds(chosen_thresholds(threshold, saved.tasks))
    if "" in paths:
        predictor, answers = _one_table(saved, paths[""], keep, named, shares, how, voice)
    else:
        predictor, answers = _sources(saved, paths, keep, named, shares, how, voice)
    return answers, predictor.name


def _one_table(
    saved: SavedModel,
    path: Path,
    keep: Sequence[str],
    tasks: Sequence[str] | None,
    preference: Mapping[str, float] | None,
    how: Mapping[str, Any],
    voice: Voice,
) -> tuple[FittedPredictor, pl.DataFrame]:
    saved.check_sources(())
    rows = rows_to_predict(path, saved.schemas.values(), saved.tasks, **how)
    (schema,) = saved.schemas.values()
    kept = _own_kept(schema, rows, _kept(keep, rows.columns))
    shown = images_as_written(rows, kept, path, how, "")
    saved.check(rows, tasks)
    predictor = saved.predictor()  # a network loads torch
    predictions = predictor.predict(rows, tasks=tasks, preference=preference)
    for note in (*saved.notes, *predictions.notes):
        voice.warning(f"note: {note}")
    return predictor, prediction_table(predictions, shown, kept, task_column=_task_column(schema))


def _sources(
    saved: SavedModel,
    paths: Mapping[str, Path],
    keep: Sequence[str],
    tasks: Sequence[str] | None,
    preference: Mapping[str, float] | None,
    how: Mapping[str, Any],
    voice: Voice,
) -> tuple[FittedPredictor, pl.DataFrame]:
    saved.check_sources(list(paths))
    tables = source_rows_to_predict(paths, saved.schemas, saved.tasks, **how)
    columns = SourceColumns({name: rows.columns for name, rows in tables.items()})
    wanted = dict.fromkeys(_kept(keep, columns))
    kept = {
        name: _own_kept(saved.schemas[name], rows, list(columns.of(name, wanted)))
        for name, rows in tables.items()
    }
    saved.check(tables, tasks)
    predictor = saved.predictor()  # a network loads torch
    answers, copied = {}, {name for names in kept.values() for name in names}
    for note in saved.notes:
        voice.warning(f"note: {note}")
    for name, rows in tables.items():
        schema = saved.schemas[name]
        own = None if tasks is None else [task for task in tasks if task in schema.targets]
        if own == []:
            continue
        predictions = predictor.predict({name: rows}, tasks=own, preference=preference)
        for note in predictions.notes:
            voice.warning(f"note: {name}: {note}")
        shown = images_as_written(rows, kept[name], paths[name], how, name)
        answers[name] = prediction_table(
            predictions, shown, kept[name], task_column=_task_column(schema), taken=copied
        )
    return predictor, together(answers, {name: kept[name] for name in answers})


def _kept(keep: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns that `--keep` lists."""
    kept = listed_names(keep, columns)
    for name in kept:
        if name not in columns:
            known, where = columns, "the table"
            if isinstance(columns, SourceColumns):
                known, where = columns if "/" in name else list(columns.plain), "any source"
            sentence = f"The column to keep, {name!r}, is not in {where}."
            raise DataError(f"{sentence} {suggestion(name, known)}")
    return kept


def _task_column(schema: Schema) -> str | None:
    """The column that names each row's task, where rows have one."""
    return schema.task_column if schema.own_rows else None


def _own_kept(schema: Schema, rows: pl.DataFrame, kept: list[str]) -> list[str]:
    """Columns of a source to copy; first the column that names each row's task."""
    if schema.own_rows and schema.task_column in rows.columns:
        return list(dict.fromkeys([schema.task_column, *kept]))
    return kept
