"""Options for balancing and training; None means that it was not given."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli._option_words import Means

__all__ = [
    "USUAL_AGGREGATIONS",
    "USUAL_WEIGHTINGS",
    "AggregateEvery",
    "Aggregation",
    "AugmentationNames",
    "Device",
    "EncoderName",
    "Engine",
    "Epochs",
    "ObserverNames",
    "Precision",
    "SamplerName",
    "Set",
    "Steps",
    "Weighting",
]

_PANEL = "Training"

USUAL_WEIGHTINGS = ("equal", "uncertainty_weighting", "dynamic_weight_average", "famo")
USUAL_AGGREGATIONS = ("mean", "mgda", "pc_grad", "ca_grad", "nash_mtl", "up_grad")
_MORE = "polytask methods lists all; module:Class is one of your own"

EncoderName = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="How networks make features of a row, joint ones and those of single tasks, such as mlp "
        f"(the default) or residual_mlp, or 'residual_mlp(depth=4)'; {_MORE}.",
        rich_help_panel=_PANEL,
    ),
]
Weighting = Annotated[
    str | None,
    typer.Option(
        "--weighting",
        metavar="NAME",
        help=f"How joint networks weigh the tasks' losses, such as {', '.join(USUAL_WEIGHTINGS)}; "
        f"{_MORE}.",
        rich_help_panel=_PANEL,
    ),
]
Aggregation = Annotated[
    str | None,
    typer.Option(
        "--aggregation",
        metavar="NAME",
        help="How joint networks make one update of the tasks' gradients, such as "
        f"{', '.join(USUAL_AGGREGATIONS)}; {_MORE}.",
        rich_help_panel=_PANEL,
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="With an aggregation, how the tasks' gradients are found: auto, layerwise, batched "
        "or per_task, all exact; last_layer or features, cheaper stand-ins.",
        rich_help_panel=_PANEL,
    ),
]
AggregateEvery = Annotated[
    int | None,
    typer.Option(
        "--aggregate-every",
        metavar="N",
        help="With an aggregation, make its weights every N steps and keep them in between.",
        rich_help_panel=_PANEL,
    ),
]
SamplerName = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        metavar="NAME",
        help="With several sources, how their rows are mixed in a batch: proportional (the "
        "default), uniform, temperature:0.5, annealed_temperature, round_robin or dynamic.",
        rich_help_panel=_PANEL,
    ),
]
ObserverNames = Annotated[
    list[str] | None,
    typer.Option(
        "--observer",
        metavar="NAME",
        help="What is measured of networks at every evaluation and kept in their history, such as "
        "gradient_conflict; training stays the same. Repeat for more.",
        rich_help_panel=_PANEL,
    ),
    Means("observers"),
]
AugmentationNames = Annotated[
    list[str] | None,
    typer.Option(
        "--augmentation",
        metavar="NAMES",
        help="Random changes of the images that networks are trained with, such as flip or crop:4, or "
        "mixup of rows; several with commas. Validation and test rows stay as they are.",
        rich_help_panel=_PANEL,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Any setting of the models by its path, such as trainer.optimizer=rmsprop, "
        "encoder.widths=64,64 or initializer=orthogonal, in every model that has it. Repeat for "
        "more.",
        rich_help_panel=_PANEL,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Where networks are trained: cpu, cuda, cuda:1 or auto; cpu by default.",
        rich_help_panel=_PANEL,
    ),
    Means("accelerator"),
]
Precision = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Number format of networks in training: 32, or 16 and bf16, which are mixed; 32 by "
        "default.",
        rich_help_panel=_PANEL,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        help="Optimiser steps of a training run, at most; 2000 by default.",
        rich_help_panel=_PANEL,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        metavar="N",
        help="Instead of --steps: passes over the training rows.",
        rich_help_panel=_PANEL,
    ),
]
