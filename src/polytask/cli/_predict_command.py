"""`polytask predict`: the command's options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polytask.cli import _reading_options as reading
from polytask.cli._option_words import Means
from polytask.cli._options import Quiet, Trust

__all__ = ["predict"]


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The folder of a saved model.")],
    table: Annotated[
        Path | None,
        typer.Argument(
            metavar="TABLE", help="Rows to predict; targets are not needed.", show_default=False
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="NAME=FILE",
            help="Instead of TABLE: rows of one of the sources that the model learned from; repeat "
            "for more. Answers have a column of their source.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMNS",
            help="Columns of the table to copy, such as an identifier; with commas or repeated.",
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            metavar="NAMES",
            help="The only tasks to predict, with commas or repeated; all by default.",
        ),
        Means("tasks"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="A .csv, .tsv, .parquet, .arrow or .ndjson file; its folder is made if it is absent. CSV to the screen if not named.",
        ),
    ] = None,
    preference: Annotated[
        list[str] | None,
        typer.Option(
            "--preference",
            metavar="TASK=NUMBER",
            help="How much every task counts, such as income=0.7,married=0.3, for networks "
            "conditioned on it (cosmos, pareto_hyper_network); with commas or repeated.",
        ),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            metavar="[TASK=]NUMBER",
            help="Decide for an event above this probability, such as fraud=0.3, of one task or of all "
            "with two classes or several labels; repeat for more. The model's own by default.",
        ),
    ] = None,
    missing: reading.Missing = None,
    names: reading.Names = None,
    no_header: reading.NoHeader = None,
    separator: reading.Separator = None,
    decimal: reading.Decimal = None,
    trust: Trust = None,
    quiet: Quiet = None,
) -> None:
    """Predict new rows with a saved model.

    [dim]polytask predict model/ new.csv --out predictions.csv[/dim]
    """
    from polytask.cli._predict import run
    from polytask.cli._trust_option import trusting

    how = {
        "missing": missing or [],
        "names": names or [],
        "no_header": bool(no_header),
        "separator": separator or [],
        "decimal": decimal or [],
    }
    chosen = source or [], keep or [], task or []
    with trusting({"trust": trust}):
        run(
            model,
            table,
            *chosen,
            out,
            how,
            trust or [],
            preference=preference or [],
            threshold=threshold or [],
            quiet=bool(quiet),
        )
