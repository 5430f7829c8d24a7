"""`polytask predict`: predictions of a saved model for new rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polytask._listing import count
from polytask.cli._interrupt import ending_well
from polytask.cli._places import at_home
from polytask.cli._source_paths import data_paths
from polytask.cli._tables import check_cells, check_writable, new_folder, write_table
from polytask.cli._voice import Voice
from polytask.data import check_table_file
from polytask.exceptions import ParameterError

__all__ = ["run"]


def run(
    model: Path,
    table: Path | None,
    sources: Sequence[str],
    keep: Sequence[str],
    tasks: Sequence[str],
    out: Path | None,
    how: Mapping[str, Any],
    trust: Sequence[str] = (),
    *,
    preference: Sequence[str] = (),
    threshold: Sequence[str] = (),
    quiet: bool = False,
) -> None:
    """Predict every row of a table, or of sources, and write or print the predictions.

    What `how` says of the way in which the table is written goes to `rows_to_predict`.
    """
    voice = Voice(quiet)
    with ending_well(lambda: "nothing was written."):
        model, paths = at_home(model), data_paths(table, sources, "predict")
        out = None if out is None else at_home(out)
        if out is not None:
            _check_out(out, paths.values(), model)
        for path in paths.values():
            check_table_file(path)
        from polytask.cli._predicting import predict_rows

        predictions, name = predict_rows(
            model,
            paths,
            keep,
            tasks,
            how,
            trust,
            voice,
            preference=preference,
            threshold=threshold,
        )
        check_cells(predictions, out)
        if out is None:
            voice.result(predictions.write_csv().rstrip("\n"))
            return
        made = new_folder(out)
        write_table(predictions, out)
        voice.note(f"{out}: {count(predictions.height, 'row')} predicted by {name}{made}")


def _check_out(out: Path, tables: Iterable[Path], model: Path) -> None:
    check_writable(out)
    written, saved, *read = (Path(os.path.realpath(path)) for path in (out, model, *tables))
    if written in read:
        sentence = f"{out} holds the rows to predict and would be overwritten. Name another file."
        raise ParameterError(sentence)
    if saved in written.parents:
        sentence = f"{out} lies in the model's folder, where only its own files may be."
        raise ParameterError(sentence)
