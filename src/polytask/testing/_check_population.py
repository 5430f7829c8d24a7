"""Common check of architectures in populations."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import torch

from polytask.architectures import Architecture
from polytask.architectures._copy_task import take_task
from polytask.data import MultiTaskDataset
from polytask.testing._require import require, require_datasets, require_instance
from polytask.testing._tiny_dataset import tiny_dataset
from polytask.training import Member, Trained, Trainer

__all__ = ["check_population"]

_RELATIVE = 1e-4
_STEPS = 20


def check_population(
    recipe: Architecture,
    datasets: Iterable[MultiTaskDataset] | None = None,
    *,
    stacks: bool = False,
) -> None:
    """Check that networks that are trained side by side are those that each would be alone.

    Losses of every evaluation and tensors must be equal, relatively to 1e-4, over 20 steps. Where tasks
    share nothing, each must also be what it is in a training of this one task.

    Parameters
    ----------
    recipe : Architecture
    datasets : iterable of MultiTaskDataset, optional
        What to train on. By default a small table of a regression and a binary task with missing labels, or
        of rows of one task each where the architecture needs them.
    stacks : bool, default False
        Whether networks must also be trained side by side, rather than one after another.

    Raises
    ------
    AssertionError
        If a member of a population differs from its run alone, or with `stacks` if `Trainer.stacking`
        gives a reason why it is trained alone.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import MLP
    >>> from polytask.testing import check_population
    >>> check_population(HardSharing(MLP((8,), dropout=0.2)), stacks=True)
    """
    require_instance("check_population", "recipe", recipe, Architecture)
    require_datasets("check_population", datasets, MultiTaskDataset)
    options = {"momentum": 0.9}
    trainer = Trainer(
        optimizer="sgd",
        optimizer_options=options,
        learning_rate=0.02,
        batch_size=8,
        steps=_STEPS,
        evaluate_every=5,
    )
    members = [Member(seed=1), Member(seed=2, learning_rate=0.01), Member(seed=3)]
    for data in _tables(recipe) if datasets is None else datasets:
        reason = trainer.stacking(recipe, members, data) if stacks else None
        require(reason is None, f"{type(recipe).__name__} is not trained side by side: {reason}.")
        together = trainer.fit_many(recipe, members, data, data)
        for member, own in zip(members, together, strict=True):
            (alone,) = trainer.fit_many(recipe, [member], data, data)
            _require_same(f"{type(recipe).__name__}, seed {member.seed}", own, alone)
        if not recipe.shares:
            _check_tasks(recipe, trainer, data)


def _check_tasks(recipe: Architecture, trainer: Trainer, data: MultiTaskDataset) -> None:
    """Each task of a recipe that shares nothing learns what it learns by itself."""
    together = trainer.fit(recipe, data, data, seed=1)
    for name in data.tasks.names:
        own = data.of_tasks([name])
        kept = {source.name for source in own.sources}
        schemas = {
            source: replace(schema, targets={name: schema.targets[name]})
            for source, schema in together.schemas.items()
            if source in kept
        }
        alone = trainer.fit(recipe, own, own, seed=1, schemas=schemas)
        _require_same(
            f"{type(recipe).__name__}, task {name!r}",
            *(_of_task(trained, name) for trained in (together, alone)),
        )


def _of_task(trained: Trained, name: str) -> Trained:
    """The part of a training that is one task's."""
    whole, history = trained.network, trained.history
    network = whole.of_task(name)
    take_task(whole, name, network)
    epochs = [
        replace(epoch, validation_losses={name: epoch.validation_losses[name]})
        for epoch in history.epochs
        if name in epoch.validation_losses
    ]
    best = history.best_epochs[name]
    own = replace(history, epochs=epochs, best_epoch=best, n_steps=epochs[-1].step)
    return Trained(network, trained.schemas, own)


def _tables(recipe: Architecture) -> list[MultiTaskDataset]:
    if recipe.one_task_per_row:
        return [tiny_dataset(("binary", "binary"), own_rows=True)]
    return [tiny_dataset(("regression", "binary"))]


def _require_same(name: str, one: Trained, other: Trained) -> None:
    """Require equal records and tensors."""
    require(
        one.history.n_steps == other.history.n_steps
        and one.history.best_epoch == other.history.best_epoch,
        f"{name}: stops or is best elsewhere side by side than alone.",
    )
    for left, right in zip(one.history.epochs, other.history.epochs, strict=True):
        for task, loss in left.validation_losses.items():
            expected = right.validation_losses[task]
            same = math.isclose(loss, expected, rel_tol=_RELATIVE, abs_tol=1e-6)
            sentence = (
                f"{name}: the loss of {task!r} at step {left.step} is {loss}, alone {expected}."
            )
            require(same, sentence)
    alone = other.network.state_dict()
    for tensor_name, tensor in one.network.state_dict().items():
        same = torch.allclose(
            tensor.double(), alone[tensor_name].double(), rtol=_RELATIVE, atol=1e-6
        )
        require(same, f"{name}: {tensor_name} differs side by side from what it is alone.")
