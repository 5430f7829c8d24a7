"""`polytask datasets`: the command's options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["datasets"]


def datasets(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Describe this one, or write it with --out.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write the data set as a .csv, .tsv, .parquet, .arrow or .ndjson table.",
        ),
    ] = None,
) -> None:
    """List public data sets, or write one as a plain table.

    [dim]polytask datasets census-income --out census.csv[/dim]
    """
    from polytask.cli._datasets import run

    run(name, out)
