"""`polytask compare`: the command's options."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli import _data_options as data
from polytask.cli import _reading_options as reading
from polytask.cli import _study_options as study
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
    split: study.SplitHow = None,
    column: reading.Column = None,
    missing: reading.Missing = None,
    names: reading.Names = None,
    no_header: reading.NoHeader = None,
    separator: reading.Separator = None,
    decimal: reading.Decimal = None,
    model: study.ModelNames = None,
    twins: study.Twins = None,
    encoder: training.EncoderName = None,
    weighting: training.Weighting = None,
    aggregation: training.Aggregation = None,
    engine: training.Engine = None,
    aggregate_every: training.AggregateEvery = None,
    sampler: training.SamplerName = None,
    observer: training.ObserverNames = None,
    augmentation: training.AugmentationNames = None,
    set: training.Set = None,  # noqa: A002 - the option's name
    seeds: study.Seeds = None,
    device: training.Device = None,
    precision: training.Precision = None,
    steps: training.Steps = None,
    epochs: training.Epochs = None,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Settings that every model may try, with the first seed; 3 by default.",
            rich_help_panel="Training",
        ),
    ] = None,
    executor: study.ExecutorName = None,
    jobs: study.Jobs = None,
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
