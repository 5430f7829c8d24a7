"""Training of one network per group of tasks, as one predictor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from polytask._validation import message
from polytask.analysis._checked_arguments import checked_network
from polytask.architectures import Architecture
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Schema, fit_schemas
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor, GroupedModel, NetworkModel, schemas_of_group
from polytask.search._grouping import Grouping
from polytask.search._grouping_words import groups_in_words
from polytask.search._structure_drawing import drawing
from polytask.training import Trained, Trainer

__all__ = ["train_groups"]

Group = tuple[str, ...]


def train_groups(
    grouping: Grouping,
    train: MultiTaskDataset,
    validation: MultiTaskDataset | None = None,
    learner: object = "hard_sharing",
    *,
    seed: int = 0,
    budget: Budget | None = None,
    name: str = "grouped",
    **options: Any,
) -> FittedPredictor:
    """Train one network per group, and one of all tasks that are alone, side by side.

    Columns are encoded by the schemas of all training rows.

    Parameters
    ----------
    grouping : Grouping
    train : MultiTaskDataset
    validation : MultiTaskDataset, optional
        Decides when to stop.
    learner : str, MultiTaskNetwork or Architecture, default "hard_sharing"
        The network of each group; tasks alone have its `single_task`.
    seed : int, default 0
    budget : Budget, optional
        Steps of one training; by default those of the learner.
    name : str, default "grouped"
        Of the predictor.
    **options
        For `polytask.training.Trainer.fit`.

    Returns
    -------
    FittedPredictor
        Several networks for disjoint tasks, saved as one bundle. Its history counts the steps and
        seconds of the search, too.

    Raises
    ------
    ParameterError
        If the grouping is of other tasks, or an argument is invalid.

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.search import group, train_groups
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> few = Budget(steps=10)
    >>> grouping = group(data, folds=2, seeds=1, n_random=0, budget=few)
    >>> train_groups(grouping, data, budget=few).name
    'grouped'
    """
    network = checked_network(train, learner, budget)
    if set(grouping.tasks) != set(train.tasks.names):
        expected = f"a grouping of the tasks {list(train.tasks.names)}"
        raise ParameterError(message("train_groups", "grouping", expected, list(grouping.tasks)))
    if budget is not None:
        trainer = replace(network.trainer, steps=budget.steps, epochs=None)
        network = replace(network, trainer=trainer)
    recipe = network.architecture
    schemas = fit_schemas(train.without_zero_weights(), recipe.bins, tokenizer=recipe.tokenizer)
    models, groups, histories = [], [], []
    for group, architecture, trainer in _networks(network, grouping.groups):
        own = schemas_of_group(schemas, group)
        trained = _trained(trainer, architecture, group, train, validation, own, seed, options)
        tasks = train.tasks.subset(group)
        models.append(NetworkModel(architecture, trained.network, tasks, own))
        groups.append(group)
        histories.append(trained.history)
    model = GroupedModel(tuple(models), tuple(groups))
    history = _history(histories, grouping)
    return FittedPredictor(train.tasks, dict(schemas), model, history, name)


def _networks(
    network: MultiTaskNetwork, groups: Iterable[Group]
) -> list[tuple[Group, Architecture, Trainer]]:
    """Tasks, architecture and trainer of every network."""
    joint = [group for group in groups if len(group) > 1]
    alone = tuple(task for group in groups if len(group) == 1 for task in group)
    found = [(group, network.architecture, network.trainer) for group in joint]
    if alone:
        single = network.single_task()
        found.append((alone, single.architecture, single.trainer))
    return found


def _trained(
    trainer: Trainer,
    architecture: Architecture,
    group: Sequence[str],
    train: MultiTaskDataset,
    validation: MultiTaskDataset | None,
    schemas: Mapping[str, Schema],
    seed: int,
    options: Mapping[str, Any],
) -> Trained:
    held_out = None if validation is None else validation.of_tasks(group)
    return trainer.fit(
        architecture, train.of_tasks(group), held_out, seed=seed, schemas=schemas, **options
    )


def _history(histories: Sequence[History], grouping: Grouping) -> History:
    """Steps and seconds of the search and of all networks, and the groups in words."""
    ends = "; ".join(history.stopped for history in histories if history.stopped)
    return replace(
        histories[0] if len(histories) == 1 else History(),
        best_epochs={task: n for own in histories for task, n in own.best_epochs.items()},
        stopped=f"{_answer(grouping)} {ends}".strip(),
        n_parameters=sum(history.n_parameters for history in histories),
        n_steps=grouping.steps + sum(history.n_steps for history in histories),
        seconds=grouping.seconds + sum(history.seconds for history in histories),
        found=_found(grouping),
    )


def _found(grouping: Grouping) -> dict[str, Any]:
    """The groups as reports show them: a structure of one stage, the whole network."""
    drawn = drawing(grouping.tasks, [grouping.groups], [()])
    return {
        "tasks": grouping.tasks,
        "groups": [grouping.groups],
        "skips": [()],
        "words": grouping.words,
        "drawing": drawn.replace("stage 1", "network", 1),
    }


def _answer(grouping: Grouping) -> str:
    cost = f"found with {grouping.n_networks:,} networks"
    if grouping.answer == "groups":
        return f"Groups {groups_in_words(grouping.groups)}, {cost}."
    return f"All tasks {grouping.answer}, {cost}."
