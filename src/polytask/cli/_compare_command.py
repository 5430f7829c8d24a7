"""`polytask compare`: the command's options."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli import _data_options as data
from polytask.cli import _reading_options as reading
from polytask.cli import _training_options as training
from polytask.cli._options import Config, Quiet, Trust

__all__ = ["compare"]


def compare(
    table: data.Table = None,
    source: data.Source = None,
    target: data.Target = None,
    auxiliary: data.Auxiliary = None,
    task_column: data.TaskColumn = None,
    features: data.Features = None,
    drop: data.Drop = None,
    weight: data.Weight = None,
    task_weight: data.TaskWeight = None,
    class_weight: data.ClassWeight = None,
    metric: data.Metric = None,
    loss: data.Loss = None,
    threshold: data.Threshold = None,
    after: data.After = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="random:SHARE, group:COLUMN (whole groups), time:COLUMN[:SHARE] (the latest rows "
            "test), folds:5, folds:5x2 (repeated), group-folds:COLUMN:5, or column:COLUMN, which "
            "says train, validation or test; by default the column that names train and test "
            "rows, else random:0.2.",
            rich_help_panel="Data",
        ),
    ] = None,
    column: reading.Column = None,
    missing: reading.Missing = None,
    names: reading.Names = None,
    no_header: reading.NoHeader = None,
    separator: reading.Separator = None,
    decimal: reading.Decimal = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="A model to compare: hard_sharing, soft_sharing, cross_stitch, mmoe, ple, "
            "hierarchical, esmm, single_task and others ([bold]polytask methods models[/bold] lists them), "
            "linear, pooled_linear, gradient_boosting or lightgbm; hard_sharing+residual_mlp+mgda names its encoder and "
            "balancing too, 'mmoe(n_experts=4)' settings of its own, as --set writes them. Repeat for more. By default "
            "networks apart and joint, on tables of at least 500 rows an ensemble inside one joint network, linear models and "
            "boosted trees (LightGBM too where it is installed); in any case a constant, which "
            "all others must beat.",
            rich_help_panel="Training",
        ),
    ] = None,
    twins: Annotated[
        bool | None,
        typer.Option(
            "--twins",
            metavar=" ",
            help="Compare the twin of every joint network too: one of its kind for each task alone.",
            show_default=False,
            rich_help_panel="Training",
        ),
    ] = None,
    encoder: training.EncoderName = None,
    weighting: training.Weighting = None,
    aggregation: training.Aggregation = None,
    engine: training.Engine = None,
    aggregate_every: training.AggregateEvery = None,
    sampler: training.SamplerName = None,
    observer: training.ObserverNames = None,
    augmentation: training.AugmentationNames = None,
    set: training.Set = None,  # noqa: A002 - the option's name
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Runs of every model; 3 by default.", rich_help_panel="Training"
        ),
    ] = None,
    device: training.Device = None,
    precision: training.Precision = None,
    steps: training.Steps = None,
    epochs: training.Epochs = None,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Settings that every model may try in each run; 3 by default.",
            rich_help_panel="Training",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            help="Runs side by side, in worker processes; by default this process works, and others "
            "join it on the other cores where runs take long enough.",
            rich_help_panel="Training",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Receives comparison.json, report.html, the chosen model in model/, log.txt and "
            "all runs; the same command goes on where it was interrupted. By default a folder in "
            "runs/ that is named after table and study.",
        ),
    ] = None,
    config: Config = None,
    trust: Trust = None,
    quiet: Quiet = None,
) -> None:
    """Train tasks jointly and separately, and report which is better.

    [dim]polytask compare census.csv --target income:binary --target never_married:binary[/dim]
    """
    given = locals()
    from polytask.cli._compare import run
    from polytask.cli._trust_option import trusting

    with trusting(given):
        run(given)
