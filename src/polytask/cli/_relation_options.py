"""Options of the commands on relations of tasks; None means that it was not given."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli._option_words import Means

__all__ = ["AffinityNames", "Folds", "ModelName", "Seed", "Seeds", "SplitHow"]

_PANEL = "Relations"

SplitHow = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Which rows are left alone as test rows: random:SHARE, group:COLUMN (whole groups), "
        "time:COLUMN[:SHARE] (the latest), or column:COLUMN; by default the column that names train "
        "and test rows, else random:0.2. All other rows are measured out of fold, or after time:COLUMN the latest of them.",
        rich_help_panel="Data",
    ),
]
ModelName = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="The network that is trained on groups of tasks, such as hard_sharing (the default), "
        "mmoe or hard_sharing+residual_mlp; [bold]polytask methods models[/bold] lists them.",
        rich_help_panel="Training",
    ),
    Means("learner"),
]
AffinityNames = Annotated[
    list[str] | None,
    typer.Option(
        "--affinity",
        metavar="NAME",
        help="What estimates who helps whom: prediction_similarity (the default), explained_labels, "
        "prediction_correlation, gradient_cosine, lookahead_affinity, projected_gradients, head_similarity or "
        "trained_pairs; module:Class is one of your own. Repeat for more.",
        rich_help_panel=_PANEL,
    ),
    Means("affinities"),
]
Folds = Annotated[
    int | None,
    typer.Option(
        "--folds",
        metavar="N",
        help="Folds that measure; 5 by default. Where rows are split by time there are none: the "
        "latest rows before the test rows are measured.",
        rich_help_panel=_PANEL,
    ),
]
Seeds = Annotated[
    int | None,
    typer.Option(
        "--seeds",
        metavar="N",
        help="Trainings of every network per fold, each in folds drawn anew; 3 by default.",
        rich_help_panel=_PANEL,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="Of random groups; 0 by default. Test rows are the same for every seed, those of compare.",
        rich_help_panel=_PANEL,
    ),
]
