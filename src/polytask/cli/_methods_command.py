"""`polytask methods`: the command's argument."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["methods"]


def methods(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Describe this one.", show_default=False),
    ] = None,
) -> None:
    """List methods: weightings of losses, aggregations of gradients, samplers, observers.

    [dim]polytask methods pc_grad[/dim]
    """
    from polytask.cli._methods import run

    run(name)
