"""Options for study file, trust and output; None means that it was not given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polytask.cli._option_words import Means

__all__ = [
    "Config",
    "Quiet",
    "Trust",
]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A YAML file of these options by their names; those given here win.",
    ),
]
Quiet = Annotated[
    bool | None,
    typer.Option(
        "--quiet",
        "-q",
        metavar=" ",
        help="Hide progress; results and warnings stay.",
        show_default=False,
    ),
]
Trust = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="PACKAGE",
        help="A package, module or module:Class of your own that a saved model or a study file may "
        "name; it is imported. Repeat for more.",
    ),
    Means("trusted"),
]
