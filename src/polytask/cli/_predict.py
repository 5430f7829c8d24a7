"""`polytask predict`: a saved model's answers for new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polytask._naming import suggestion
from polytask.cli._interrupt import ending_well
from polytask.cli._places import at_home
from polytask.cli._prediction_table import prediction_table
from polytask.cli._tables import check_writable, write_table
from polytask.cli._tasks import column_names
from polytask.cli._voice import Voice
from polytask.data import rows_to_predict
from polytask.exceptions import DataError, ParameterError
from polytask.predictor import FittedPredictor, load

__all__ = ["run"]


def run(
    model: Path,
    table: Path,
    keep: Sequence[str],
    out: Path | None,
    how: Mapping[str, Any],
    trust: Sequence[str] = (),
    *,
    quiet: bool = False,
) -> None:
    """Predict every row of a table and write the answers, to the screen if `out` is None.

    What `how` says of the way in which the table is written goes to `rows_to_predict`.
    """
    voice = Voice(quiet)
    with ending_well(lambda: "nothing was written."):
        model, table = at_home(model), at_home(table)
        out = None if out is None else at_home(out)
        if out is not None:
            _check_out(out, table, model)
        predictor = load(model, trust)
        for note in predictor.notes:
            voice.note(f"note: {note}")
        rows = rows_to_predict(table, predictor.schemas.values(), predictor.tasks, **how)
        found = _predicted(predictor, rows, keep)
        if out is None:
            voice.result(found.write_csv().rstrip("\n"))
            return
        write_table(found, out)
        voice.note(f"{out}: {found.height:,} rows predicted by {predictor.name}")


def _check_out(out: Path, table: Path, model: Path) -> None:
    check_writable(out)
    if out.resolve() == table.resolve():
        sentence = f"{out} holds the rows to predict and would be overwritten. Name another file."
        raise ParameterError(sentence)
    if model.resolve() in out.resolve().parents:
        sentence = f"{out} lies in the model's folder, where only its own files may be."
        raise ParameterError(sentence)


def _predicted(predictor: FittedPredictor, rows: pl.DataFrame, keep: Sequence[str]) -> pl.DataFrame:
    own_rows = any(schema.own_rows for schema in predictor.schemas.values())
    kept = column_names(keep, rows.columns)
    for schema in predictor.schemas.values():
        if schema.own_rows and schema.task_column in rows.columns:
            kept = list(dict.fromkeys([schema.task_column, *kept]))
    for name in kept:
        if name not in rows.columns:
            sentence = f"The column to keep, {name!r}, is not in the table."
            raise DataError(f"{sentence} {suggestion(name, rows.columns)}")
    return prediction_table(predictor.predict(rows), rows, kept, own_rows=own_rows)
