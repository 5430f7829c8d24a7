"""`polytask fit`: the command's options."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli import _data_options as data
from polytask.cli import _reading_options as reading
from polytask.cli import _training_options as training
from polytask.cli._option_words import Means
from polytask.cli._options import Config, Quiet, Trust

__all__ = ["fit"]


def fit(
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
            help="Which rows are held out to stop by: random:SHARE, group:COLUMN (whole groups), "
            "time:COLUMN[:SHARE] (the latest), or column:COLUMN, whose test rows are left alone; by default the column that names "
            "train and test rows, else random:0.2.",
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
            help="hard_sharing, soft_sharing, cross_stitch, mmoe, ple, hierarchical, esmm, "
            "single_task and others ([bold]polytask methods models[/bold] lists them), linear, "
            "ridge, logistic, lasso, elastic_net, svm, random_forest, extra_trees, pooled_linear, stacked_targets, target_chain, gradient_boosting, lightgbm, ensemble or constant; hard_sharing+residual_mlp+mgda names its encoder and "
            "balancing too, 'mmoe(n_experts=4)' settings of its own; hard_sharing by default.",
            rich_help_panel="Training",
        ),
        Means("learner"),
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
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Seed of the split and of initial weights; 0 by default.",
            rich_help_panel="Training",
        ),
    ] = None,
    device: training.Device = None,
    precision: training.Precision = None,
    steps: training.Steps = None,
    epochs: training.Epochs = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Receives the model; an earlier one there is replaced; model by default.",
        ),
    ] = None,
    config: Config = None,
    trust: Trust = None,
    quiet: Quiet = None,
) -> None:
    """Train one model and save it.

    [dim]polytask fit census.csv --target income:binary --model hard_sharing --out model/[/dim]
    """
    given = locals()
    from polytask.cli._fit import run
    from polytask.cli._trust_option import trusting

    with trusting(given):
        run(given)
