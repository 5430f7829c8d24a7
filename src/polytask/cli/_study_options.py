"""Options of the commands that compare learners; None means that it was not given."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli._option_words import Means

__all__ = ["ExecutorName", "Jobs", "ModelNames", "Seeds", "SplitHow", "Twins"]

SplitHow = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="random:SHARE, group:COLUMN (whole groups), time:COLUMN[:SHARE] (the latest rows "
        "test), folds:5, folds:5x2 (repeated), group-folds:COLUMN:5, or column:COLUMN, which "
        "says train, validation or test; by default the column that names train and test "
        "rows, else random:0.2.",
        rich_help_panel="Data",
    ),
]
ModelNames = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="A model to compare: hard_sharing, soft_sharing, cross_stitch, mmoe, ple, "
        "hierarchical, esmm, single_task and others ([bold]polytask methods models[/bold] lists them), "
        "linear, ridge, logistic, lasso, elastic_net, svm, random_forest, extra_trees, pooled_linear, stacked_targets, target_chain, "
        "gradient_boosting, lightgbm, ensemble or ensemble(mmoe); "
        "hard_sharing+residual_mlp+mgda names its encoder and "
        "balancing too, 'mmoe(n_experts=4)' settings of its own, as --set writes them. Repeat for more. By default "
        "networks apart and joint, on tables of at least 500 rows an ensemble inside one joint network, linear models and "
        "boosted trees (LightGBM too where it is installed); in any case a constant, which "
        "all others must beat.",
        rich_help_panel="Training",
    ),
    Means("learner", "learners", "beside"),
]
Twins = Annotated[
    bool | None,
    typer.Option(
        "--twins",
        metavar=" ",
        help="Compare the twin of every joint network too: one of its kind for each task alone.",
        show_default=False,
        rich_help_panel="Training",
    ),
]
Seeds = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Runs of every model; 3 by default.", rich_help_panel="Training"
    ),
]
ExecutorName = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="NAME",
        help="Where runs are done: local (the default), processes of this machine; ray, the Ray cluster of this "
        "machine or of RAY_ADDRESS; 'ray(address=head:6379, num_cpus=2, num_gpus=1)', another one, with what a run "
        "takes; module:Class, one of your own.",
        rich_help_panel="Training",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        help="Runs side by side, in worker processes; by default this process works, and others "
        "join it on the other cores where runs take long enough. On a cluster, by default what it has room for.",
        rich_help_panel="Training",
    ),
]
