"""Networks of single tasks and of groups, trained on the rows of one split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import Observer
from polytask.predictor import FittedPredictor, NetworkModel, refitted
from polytask.training import Member, Trained, Trainer, silently

__all__ = ["fit_alone", "fit_groups", "observed"]


def fit_alone(
    network: MultiTaskNetwork,
    tasks: Sequence[str],
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    seed: int,
    budget: Budget | None,
) -> FittedPredictor:
    """Train the single-task networks of some tasks side by side."""
    alone = network.single_task()
    alone = replace(alone, trainer=replace(alone.trainer, observers=()))
    with silently():
        return alone.fit(train.of_tasks(tasks), validation.of_tasks(tasks), seed, budget)


def fit_groups(
    network: MultiTaskNetwork,
    groups: Sequence[Sequence[str]],
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    seed: int,
    budget: Budget | None,
    on_done: Callable[[Sequence[str]], None] | None = None,
) -> list[FittedPredictor]:
    """Train one network per group of tasks, as members of a population."""
    if not groups:
        return []
    members = [Member(dict.fromkeys(group, 1.0), seed=seed) for group in groups]

    def done(position: int, trained: Trained) -> None:
        del trained
        if on_done is not None:
            on_done(groups[position])

    trained = _trainer(network, budget).fit_many(
        network.architecture, members, train, validation, progress=False, on_done=done
    )
    return [
        _predictor(network, train.of_tasks(group), result)
        for group, result in zip(groups, trained, strict=True)
    ]


def observed(
    network: MultiTaskNetwork,
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    seed: int,
    budget: Budget | None,
    observers: Sequence[Observer],
) -> History:
    """The history of training all tasks together, with observers."""
    trainer = replace(_trainer(network, budget), observers=tuple(observers))
    return trainer.fit(network.architecture, train, validation, seed=seed, progress=False).history


def _trainer(network: MultiTaskNetwork, budget: Budget | None) -> Trainer:
    trainer = replace(network.trainer, observers=())
    return trainer if budget is None else replace(trainer, steps=budget.steps, epochs=None)


def _predictor(
    network: MultiTaskNetwork, train: MultiTaskDataset, trained: Trained
) -> FittedPredictor:
    """The fitted model of a member, with what kinds learn from its scores."""
    schemas = dict(trained.schemas)
    model = NetworkModel(network.architecture, trained.network, train.tasks, schemas)
    predictor = FittedPredictor(train.tasks, schemas, model, trained.history, network.name)
    return refitted(predictor, train)
