"""`polytask methods`: the command's argument."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["methods"]


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A method to describe, module:Class of your own too, or a room whose methods are "
            "listed: architectures, penalties, encoders, models, weightings, aggregators, samplers, "
            "observers, losses, metrics or kinds.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List methods: architectures, penalties, encoders, ways of balancing and others.

    [dim]polytask methods architectures[/dim]

    [dim]polytask methods soft_sharing[/dim]
    """
    from polytask.cli._methods import run
    from polytask.cli._trust_option import trusting

    with trusting({"model": name}):
        run(name)
