"""`polytask analyze`: the command's options."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli import _data_options as data
from polytask.cli import _reading_options as reading
from polytask.cli import _relation_options as relation
from polytask.cli import _study_options as study
from polytask.cli import _training_options as training
from polytask.cli._further_analyses import LISTED
from polytask.cli._option_words import Means
from polytask.cli._options import Config, Quiet, Trust

__all__ = ["analyze"]


def analyze(
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
    pairs: Annotated[
        bool | None,
        typer.Option(
            "--pairs/--no-pairs",
            help="Train all pairs of tasks; by default for up to 12 tasks.",
            show_default=False,
            rich_help_panel="Relations",
        ),
    ] = None,
    sizes: Annotated[
        list[str] | None,
        typer.Option(
            "--sizes",
            metavar="N",
            help="Size of random groups that are trained too. Repeat for more.",
            rich_help_panel="Relations",
        ),
    ] = None,
    random_groups: Annotated[
        int | None,
        typer.Option(
            "--random-groups",
            metavar="N",
            help="Random groups per size; 20 by default.",
            rich_help_panel="Relations",
        ),
        Means("n_groups"),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="NAME",
            help=f"Measure more on the same rows, with a file and a section of the report of its own: {LISTED}. "
            "Repeat for more.",
            rich_help_panel="Relations",
        ),
    ] = None,
    most_networks: Annotated[
        int | None,
        typer.Option(
            "--most-networks",
            metavar="N",
            help="Networks that may be trained in all; an analysis that takes more is refused before it begins.",
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
            help="Receives analysis.json, a file per --also, report.html and log.txt, and keeps all trainings: the same command goes on where it was interrupted, and one with another --also adds to the report. By default a folder in runs/ that is named after table and study.",
        ),
    ] = None,
    config: Config = None,
    trust: Trust = None,
    quiet: Quiet = None,
) -> None:
    """Measure which tasks gain from which, and estimate it by affinities.

    [dim]polytask analyze census.csv --target income:binary --target never_married:binary[/dim]
    """
    given = locals()
    from polytask.cli._analyze import run
    from polytask.cli._trust_option import trusting

    with trusting(given):
        run(given)
