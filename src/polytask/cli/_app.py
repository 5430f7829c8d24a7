"""The commands, in the order in which `--help` lists them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from polytask.cli._analyze_command import analyze
from polytask.cli._compare_command import compare
from polytask.cli._datasets_command import datasets
from polytask.cli._fit_command import fit
from polytask.cli._group_command import group
from polytask.cli._methods_command import methods
from polytask.cli._option_words import speaking_of_options
from polytask.cli._predict_command import predict
from polytask.cli._tune_command import tune

__all__ = ["app", "command"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for each in (compare, tune, analyze, group, fit, predict, methods, datasets):
    app.command(no_args_is_help=each not in {methods, datasets})(speaking_of_options(each))


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(version("polytask"))
        raise typer.Exit


@app.callback()
def polytask(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Learn several related tasks together, and be told honestly whether that helped."""


command = typer.main.get_command(app)
"""Built once, however often it is run in a process."""
