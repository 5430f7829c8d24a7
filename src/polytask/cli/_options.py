"""Arguments and options that several commands share; None means that it was not given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "USUAL_AGGREGATIONS",
    "USUAL_WEIGHTINGS",
    "AggregateEvery",
    "Aggregation",
    "Auxiliary",
    "ClassWeight",
    "Config",
    "Device",
    "Drop",
    "Engine",
    "Epochs",
    "Features",
    "Loss",
    "Metric",
    "Precision",
    "Quiet",
    "Set",
    "Source",
    "Steps",
    "Table",
    "Target",
    "TaskColumn",
    "TaskWeight",
    "Trust",
    "Weight",
    "Weighting",
]

_DATA, _TRAINING = "Data", "Training"

USUAL_WEIGHTINGS = ("equal", "uncertainty_weighting", "dynamic_weight_average", "famo")
USUAL_AGGREGATIONS = ("mean", "mgda", "pc_grad", "ca_grad", "nash_mtl", "up_grad")
_MORE = "polytask methods lists all; module:Class is one of your own"

Table = Annotated[
    Path | None,
    typer.Argument(
        metavar="TABLE",
        help="The data: a .csv, .tsv, .parquet, .arrow or .ndjson file.",
        show_default=False,
    ),
]
Source = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="NAME=FILE",
        help="Instead of TABLE: a table with rows and columns of its own, under a name; repeat for "
        "more. A column's name means the columns of that name in all of them, NAME/COLUMN one.",
        rich_help_panel=_DATA,
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="NAME[:KIND]",
        help="A target column and its kind: regression, binary, multiclass, multilabel or one of "
        "your own, module:Class; inferred if not named. 'a,b,c:KIND' and patterns such as 'assay*:binary' name several at "
        "once. Several columns make one task as NAME=COLUMN,COLUMN[:KIND]. Repeat for every task.",
        rich_help_panel=_DATA,
    ),
]
Auxiliary = Annotated[
    list[str] | None,
    typer.Option(
        "--auxiliary",
        metavar="NAME[:KIND]",
        help="A target that may help training, but decides nothing.",
        rich_help_panel=_DATA,
    ),
]
TaskColumn = Annotated[
    str | None,
    typer.Option(
        "--task-column",
        metavar="COLUMN",
        help="The column that names the one task of each row, such as a school; "
        "--target is then one column for all.",
        rich_help_panel=_DATA,
    ),
]
Features = Annotated[
    list[str] | None,
    typer.Option(
        "--features",
        metavar="COLUMNS",
        help="Input columns, with commas or repeated; by default all that serve nothing else.",
        rich_help_panel=_DATA,
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        "--drop",
        metavar="COLUMNS",
        help="Columns that are no inputs, with commas or repeated.",
        rich_help_panel=_DATA,
    ),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="[TASK=]COLUMN",
        help="A column of row weights, for all tasks or for one; repeat for more. Their scale does "
        "not matter, and 0 leaves a row out. Metrics are weighted by them too.",
        rich_help_panel=_DATA,
    ),
]
TaskWeight = Annotated[
    list[str] | None,
    typer.Option(
        "--task-weight",
        metavar="TASK=NUMBER",
        help="A factor of a task's loss before any balancing, such as income=2; repeat for more.",
        rich_help_panel=_DATA,
    ),
]
ClassWeight = Annotated[
    list[str] | None,
    typer.Option(
        "--class-weight",
        metavar="[TASK=]balanced",
        help="In training, give each class the same total weight, for one task or for all with "
        "classes; TASK=yes:20,no:1 gives weights. Metrics are not weighted by them.",
        rich_help_panel=_DATA,
    ),
]
Metric = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        metavar="[TASK=]NAME",
        help="Metrics of a task (or of all), with commas or repeated, such as income=roc_auc,f1; "
        "the first is the headline; module:Class is one of your own.",
        rich_help_panel=_DATA,
    ),
]
Loss = Annotated[
    list[str] | None,
    typer.Option(
        "--loss",
        metavar="[TASK=]NAME",
        help="The loss that networks train a task with (or all that it serves), such as "
        "price=huber; module:Class is one of your own. Repeat for more.",
        rich_help_panel=_DATA,
    ),
]
After = Annotated[
    list[str] | None,
    typer.Option(
        "--after",
        metavar="TASK=UPSTREAM",
        help="The task that feeds another, such as buy=click, for cascades and hierarchical "
        "models; with commas or repeated for more.",
        rich_help_panel=_DATA,
    ),
]
Weighting = Annotated[
    str | None,
    typer.Option(
        "--weighting",
        metavar="NAME",
        help=f"How joint networks weigh the tasks' losses, such as {', '.join(USUAL_WEIGHTINGS)}; "
        f"{_MORE}.",
        rich_help_panel=_TRAINING,
    ),
]
Aggregation = Annotated[
    str | None,
    typer.Option(
        "--aggregation",
        metavar="NAME",
        help="How joint networks make one update of the tasks' gradients, such as "
        f"{', '.join(USUAL_AGGREGATIONS)}; {_MORE}.",
        rich_help_panel=_TRAINING,
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="With an aggregation, how the tasks' gradients are found: auto, layerwise, batched "
        "or per_task, all exact; last_layer or features, cheaper stand-ins.",
        rich_help_panel=_TRAINING,
    ),
]
AggregateEvery = Annotated[
    int | None,
    typer.Option(
        "--aggregate-every",
        metavar="N",
        help="With an aggregation, make its weights every N steps and keep them in between.",
        rich_help_panel=_TRAINING,
    ),
]
SamplerName = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        metavar="NAME",
        help="With several sources, how their rows are mixed in a batch: proportional (the "
        "default), uniform, temperature:0.5, annealed_temperature, round_robin or dynamic.",
        rich_help_panel=_TRAINING,
    ),
]
ObserverNames = Annotated[
    list[str] | None,
    typer.Option(
        "--observer",
        metavar="NAME",
        help="What is measured of networks at every evaluation and kept in their history, such as "
        "gradient_conflict; training stays the same. Repeat for more.",
        rich_help_panel=_TRAINING,
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
        rich_help_panel=_TRAINING,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Where networks are trained: cpu, cuda, cuda:1 or auto; cpu by default.",
        rich_help_panel=_TRAINING,
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Number format of networks in training: 32, or 16 and bf16, which are mixed; 32 by "
        "default.",
        rich_help_panel=_TRAINING,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        help="Optimiser steps of a training run, at most; 2000 by default.",
        rich_help_panel=_TRAINING,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        metavar="N",
        help="Instead of --steps: passes over the training rows.",
        rich_help_panel=_TRAINING,
    ),
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
]
