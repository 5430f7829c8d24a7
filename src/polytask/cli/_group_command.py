"""`polytask group`: the command's options."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli import _data_options as data
from polytask.cli import _reading_options as reading
from polytask.cli import _relation_options as relation
from polytask.cli import _study_options as study
from polytask.cli import _training_options as training
from polytask.cli._option_words import Means
from polytask.cli._options import Config, Quiet, Trust

__all__ = ["group"]


def group(
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
    split: relation.SplitHow = None,
    column: reading.Column = None,
    missing: reading.Missing = None,
    names: reading.Names = None,
    no_header: reading.NoHeader = None,
    separator: reading.Separator = None,
    decimal: reading.Decimal = None,
    model: relation.ModelName = None,
    encoder: training.EncoderName = None,
    weighting: training.Weighting = None,
    aggregation: training.Aggregation = None,
    engine: training.Engine = None,
    aggregate_every: training.AggregateEvery = None,
    sampler: training.SamplerName = None,
    augmentation: training.AugmentationNames = None,
    set: training.Set = None,  # noqa: A002 - the option's name
    device: training.Device = None,
    precision: training.Precision = None,
    steps: training.Steps = None,
    epochs: training.Epochs = None,
    affinity: relation.AffinityNames = None,
    folds: relation.Folds = None,
    seeds: relation.Seeds = None,
    random_groups: Annotated[
        int | None,
        typer.Option(
            "--random-groups",
            metavar="N",
            help="Random partitions that are trained too where groups are better than training apart, of the same sizes; 2 by default.",
            rich_help_panel="Relations",
        ),
        Means("n_random"),
    ] = None,
    most_networks: Annotated[
        int | None,
        typer.Option(
            "--most-networks",
            metavar="N",
            help="Networks that may be trained in all; what does not fit in is left out, and said.",
            rich_help_panel="Relations",
        ),
    ] = None,
    seed: relation.Seed = None,
    executor: study.ExecutorName = None,
    jobs: study.Jobs = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Receives grouping.json, report.html, the model in model/ and log.txt, and keeps all trainings: the same command goes on where it was interrupted. By default a folder in runs/ that is named after table and study.",
        ),
    ] = None,
    config: Config = None,
    trust: Trust = None,
    quiet: Quiet = None,
) -> None:
    """Find out which tasks belong together, verified by training, and train one network per group.

    [dim]polytask group census.csv --target income:binary --target never_married:binary[/dim]
    """
    given = locals()
    from polytask.cli._group import run
    from polytask.cli._trust_option import trusting

    with trusting(given):
        run(given)
