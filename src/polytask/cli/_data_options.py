"""Options for the table, its tasks and the roles of its columns; None means that it was not given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polytask.cli._option_words import Means

__all__ = [
    "After",
    "Auxiliary",
    "ClassWeight",
    "Drop",
    "Features",
    "Loss",
    "Metric",
    "Source",
    "Table",
    "Target",
    "TaskColumn",
    "TaskWeight",
    "Threshold",
    "Weight",
]

_PANEL = "Data"

Table = Annotated[
    Path | None,
    typer.Argument(
        metavar="TABLE",
        help="The data: a .csv, .tsv, .parquet, .arrow, .ndjson, .npz, .mat or .arff file, or a folder "
        "saved by Hugging Face's datasets.",
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
        rich_help_panel=_PANEL,
    ),
    Means("sources"),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="NAME[:KIND]",
        help="A target column and its kind: regression (or regression:log1p, :yeo_johnson, "
        ":quantile_normal for skewed numbers), binary, multiclass, multilabel, ordinal "
        "(whole numbers, or ordinal:low<mid<high), count (or count:negative_binomial; with the "
        "exposure second, NAME=COUNT,EXPOSURE:count), quantile (or quantile:0.05,0.5,0.95; "
        "quantile:0.1,0.5,0.9,log1p for skewed numbers), "
        "distribution (mean and deviation), survival (NAME=TIME,EVENT:survival, or survival:cox), tokens (a tag for "
        "each token of a row), step_numbers (a number for each), dense_classes, dense_numbers or "
        "heat_map (labels of pixels) or one of your own, module:Class; inferred if not given. "
        "'a,b,c:KIND' and patterns such as "
        "'assay*:binary' name several at once. Several columns make one task as "
        "NAME=COLUMN,COLUMN[:KIND]. Repeat for every task.",
        rich_help_panel=_PANEL,
    ),
    Means("tasks"),
]
Auxiliary = Annotated[
    list[str] | None,
    typer.Option(
        "--auxiliary",
        metavar="NAME[:KIND]",
        help="A target that may help training, but decides nothing.",
        rich_help_panel=_PANEL,
    ),
]
TaskColumn = Annotated[
    str | None,
    typer.Option(
        "--task-column",
        metavar="COLUMN",
        help="The column that names the one task of each row, such as a school; "
        "--target is then one column for all.",
        rich_help_panel=_PANEL,
    ),
]
Features = Annotated[
    list[str] | None,
    typer.Option(
        "--features",
        metavar="COLUMNS",
        help="Input columns, with commas or repeated; by default all that serve nothing else.",
        rich_help_panel=_PANEL,
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        "--drop",
        metavar="COLUMNS",
        help="Columns that are no inputs, with commas or repeated.",
        rich_help_panel=_PANEL,
    ),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="[TASK=]COLUMN",
        help="A column of row weights, for all tasks or for one; repeat for more. Their scale does "
        "not matter, and 0 leaves a row out. Metrics are weighted by them too.",
        rich_help_panel=_PANEL,
    ),
]
TaskWeight = Annotated[
    list[str] | None,
    typer.Option(
        "--task-weight",
        metavar="TASK=NUMBER",
        help="A factor of a task's loss before any balancing, such as income=2; repeat for more.",
        rich_help_panel=_PANEL,
    ),
]
ClassWeight = Annotated[
    list[str] | None,
    typer.Option(
        "--class-weight",
        metavar="[TASK=]balanced",
        help="In training, give each class the same total weight, for one task or for all with "
        "classes; TASK=yes:20,no:1 gives weights. Metrics are not weighted by them.",
        rich_help_panel=_PANEL,
    ),
]
Metric = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        metavar="[TASK=]NAME",
        help="Metrics of a task (or of all), with commas or repeated, such as income=roc_auc,f1 or 'grade=top_k(k=3)'; "
        "the first is the headline; module:Class is one of your own.",
        rich_help_panel=_PANEL,
    ),
    Means("metrics"),
]
Loss = Annotated[
    list[str] | None,
    typer.Option(
        "--loss",
        metavar="[TASK=]NAME",
        help="The loss that networks train a task with (or all that it serves), such as "
        "price=huber or 'fraud=focal_loss(gamma=1)'; module:Class is one of your own. Repeat for more.",
        rich_help_panel=_PANEL,
    ),
]
Threshold = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="[TASK=]METRIC",
        help="Decide for an event above the probability that is best by a metric on validation "
        "rows, such as fraud=f1, for each model on its own; or above a number, fraud=0.3; of one "
        "task or of all with two classes or several labels. One half by default.",
        rich_help_panel=_PANEL,
    ),
]
After = Annotated[
    list[str] | None,
    typer.Option(
        "--after",
        metavar="TASK=UPSTREAM",
        help="The task that feeds another, such as buy=click, for cascades and hierarchical "
        "models; with commas or repeated for more.",
        rich_help_panel=_PANEL,
    ),
]
