"""What networks must have in common to be trained as one population, and where that pays."""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from polytask._paths import settings_of
from polytask._recipes import to_json
from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.neural_network._planned_network import plan_network
from polytask.training import Member, Trainer

__all__ = ["dropout_of", "population_shape"]

_MOST_MULTIPLICATIONS = 8_000_000
"""Of a step of one network on a CPU. On one thread nine networks of two layers of 16, 64, 128 and 256
units took 0.33, 0.47, 0.56 and 0.72 of their time one after another; of larger ones most is products."""

_SHAPES: WeakKeyDictionary[MultiTaskDataset, dict[str, str | None]] = WeakKeyDictionary()
"""Shapes by training rows and recipe, since finding whether networks can be stacked takes a trial."""


def population_shape(
    architecture: Architecture, trainer: Trainer, train: MultiTaskDataset
) -> str | None:
    """Text that is equal for networks that may be members of one population; None for none.

    Learning rate, weight decay and the only setting named dropout are left out.
    """
    try:
        recipe: Any = {"architecture": to_json(architecture), "trainer": to_json(trainer)}
    except ParameterError:  # code of a script, which has no text
        return None
    for name in ("learning_rate", "weight_decay"):
        recipe["trainer"].get("parameters", {}).pop(name, None)
    if (path := _only_dropout(architecture)) is not None:
        _remove(recipe["architecture"], path.split("."))
    text = json.dumps(recipe, sort_keys=True)
    known = _SHAPES.setdefault(train, {})
    if text not in known:
        known[text] = text if _stacks(architecture, trainer, train) else None
    return known[text]


def dropout_of(architecture: Architecture) -> float | None:
    """The value of the only setting named dropout; None where there is none, or several."""
    path = _only_dropout(architecture)
    if path is None:
        return None
    value: Any = next(s.value for s in settings_of(architecture) if s.path == path)
    return float(value)


def _only_dropout(architecture: Architecture) -> str | None:
    paths = [s.path for s in settings_of(architecture) if s.path.split(".")[-1] == "dropout"]
    return paths[0] if len(paths) == 1 else None


def _remove(recipe: Any, names: list[str]) -> None:
    """Remove a setting from a recipe's JSON, which leaves out what is as by default."""
    for name in names[:-1]:
        recipe = recipe.get("parameters", {}).get(name, {})
        if not isinstance(recipe, dict):
            return
    recipe.get("parameters", {}).pop(names[-1], None)


def _stacks(architecture: Architecture, trainer: Trainer, train: MultiTaskDataset) -> bool:
    """Whether two such networks are trained over stacked parameters, in less time."""
    if architecture.takes_preference or (architecture.shares and not _all_labelled(train)):
        return False
    n_parameters = plan_network(architecture, train).n_parameters
    if n_parameters is None:
        return False
    if not architecture.shares:
        n_parameters //= len(train.tasks)  # of the network of one task
    n_rows = trainer.rows_per_batch(train.n_rows)
    if trainer.accelerator == "cpu" and n_parameters * n_rows > _MOST_MULTIPLICATIONS:
        return False
    return trainer.stacking(architecture, [Member(seed=0), Member(seed=1)], train) is None


def _all_labelled(train: MultiTaskDataset) -> bool:
    """Whether every row has a label: a population trains on no others, as do networks of single tasks."""
    for source in train.sources:
        labelled, labels = np.zeros(source.n_rows, dtype=bool), source.labelled()
        for name in source.tasks.names:
            labelled[labels.rows(name)] = True
        if not labelled.all():
            return False
    return True
