"""`polytask tune`: the command's options."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli import _data_options as data
from polytask.cli import _reading_options as reading
from polytask.cli import _study_options as study
from polytask.cli import _training_options as training
from polytask.cli._option_words import Means
from polytask.cli._options import Config, Quiet, Trust

__all__ = ["tune"]


def tune(
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
            help="Settings that every model tries on each split, first those of compare; 30 by default.",
            rich_help_panel="Tuning",
        ),
    ] = None,
    tune: Annotated[
        list[str] | None,
        typer.Option(
            "--tune",
            metavar="PATH[=RANGE]",
            help="Settings to search: learning_rate or 'encoder.*' by their declared ranges, all for "
            "every declared range, dropout=0:0.3, trainer.learning_rate=1e-4:1e-2:log or "
            "weighting=none,famo by ranges of your own. Repeat for more. By default those of "
            "architecture, encoder, balancing, learning rate and weight decay.",
            rich_help_panel="Tuning",
        ),
        Means("paths", "ranges"),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            "--search",
            metavar="HOW",
            help="tpe (the default), which learns from earlier trials, or random.",
            rich_help_panel="Tuning",
        ),
        Means("tune.sampler"),
    ] = None,
    pruner: Annotated[
        str | None,
        typer.Option(
            "--pruner",
            metavar="HOW",
            help="halving stops the worse trials after a ninth or a third of the steps; by default "
            "all are run in full.",
            rich_help_panel="Tuning",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="METHOD",
            help="Search the weights of the tasks in one joint network in place of its settings: "
            "random, tpe or population; --trials is then the number of networks.",
            rich_help_panel="Tuning",
        ),
        Means("tune_weights.method"),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            metavar="N",
            help="Inner folds that choose settings; 1 by default: the validation rows choose.",
            rich_help_panel="Tuning",
        ),
    ] = None,
    at_once: Annotated[
        int | None,
        typer.Option(
            "--at-once",
            metavar="N",
            help="Trials of a model that are proposed together; 1 by default.",
            rich_help_panel="Tuning",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", metavar="N", help="Of the search; 0 by default.", rich_help_panel="Tuning"
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
            help="Receives tuning.json, comparison.json, report.html, the chosen model in model/, "
            "log.txt, all trials in tuning.sqlite and all runs; the same command goes on where it "
            "was interrupted. By default a folder in runs/ that is named after table and study.",
        ),
    ] = None,
    config: Config = None,
    trust: Trust = None,
    quiet: Quiet = None,
) -> None:
    """Tune joint and single-task models by equally many trials, and report which is better.

    [dim]polytask tune census.csv --target income:binary --target never_married:binary --trials 30[/dim]
    """
    given = locals()
    from polytask.cli._trust_option import trusting
    from polytask.cli._tune import run

    with trusting(given):
        run(given)
