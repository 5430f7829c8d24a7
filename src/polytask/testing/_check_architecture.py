"""The common check of an architecture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from polytask.architectures import Architecture, MultiTaskModule, Raw
from polytask.data import Batch, MultiTaskDataset, fit_schemas
from polytask.losses import MultiTaskLoss
from polytask.testing._batches import batch_of, encoded_for
from polytask.testing._require import require, require_close, require_finite, require_same
from polytask.testing._tiny_dataset import tiny_dataset
from polytask.training import score

__all__ = ["check_architecture"]


def check_architecture(
    recipe: Architecture, datasets: Iterable[MultiTaskDataset] | None = None
) -> None:
    """Check that an architecture keeps the promises of `polytask.architectures`.

    Parameters
    ----------
    recipe : Architecture
    datasets : iterable of MultiTaskDataset, optional
        What to build it for. By default one table with all kinds of targets and missing
        labels, one whose rows belong to single tasks, and one with a table for each task.

    Raises
    ------
    AssertionError
        If building depends on more than the seed, scores have a wrong shape or depend on other
        rows, parameters are in no group or in several, or a task's loss pulls at parameters
        that are not the task's.

    Examples
    --------
    >>> from polytask.architectures import MLP, HardSharing
    >>> from polytask.testing import check_architecture
    >>> check_architecture(HardSharing(encoder=MLP((8,))))
    """
    name = type(recipe).__name__
    for what, data in (
        _forms() if datasets is None else ((f"data set {i}", one) for i, one in enumerate(datasets))
    ):
        case = _Case(f"{name} on {what}", recipe, data)
        _check_build(case)
        _check_groups(case)
        _check_scores(case)
        _check_ownership(case)


def _forms() -> Iterator[tuple[str, MultiTaskDataset]]:
    kinds = ["regression", "binary", "regression", "multiclass", "multilabel"]
    yield "one table", tiny_dataset(kinds)
    yield "one task", tiny_dataset(["binary"])
    yield "own rows", tiny_dataset(["regression"] * 3, own_rows=True)
    yield "own tables", tiny_dataset(["regression", "binary", "regression"], own_tables=True)


class _Case:
    """A recipe, data, and the network that seed 0 builds."""

    def __init__(self, name: str, recipe: Architecture, data: MultiTaskDataset) -> None:
        self.name, self.recipe, self.data = name, recipe, data
        self.schemas = fit_schemas(data)
        network: object = recipe.build(self.schemas, data.tasks, 0)
        words = f"{name}: builds a {type(network).__name__}, which is no MultiTaskModule."
        require(isinstance(network, MultiTaskModule), words)
        self.network = self.build(0).eval()
        self.sources = encoded_for(self.network, data, self.schemas)

    def build(self, seed: int) -> MultiTaskModule:
        return self.recipe.build(self.schemas, self.data.tasks, seed)

    @property
    def batch(self) -> Batch:
        return batch_of(self.network, self.sources)

    @property
    def trainable(self) -> dict[str, nn.Parameter]:
        named = self.network.named_parameters()
        return {name: parameter for name, parameter in named if parameter.requires_grad}


def _check_build(case: _Case) -> None:
    before = torch.get_rng_state()
    first, other = case.build(0).state_dict(), case.build(1).state_dict()
    words = f"{case.name}: building changes torch's global generator"
    require_same(torch.get_rng_state(), before, words)
    torch.rand(1)
    again = case.build(0).state_dict()
    torch.set_rng_state(before)
    for key, tensor in case.network.state_dict().items():
        words = f"{case.name}: {key} is not decided by the seed"
        require_same(first[key], tensor, words)
        require_same(again[key], tensor, words)
    differs = any(not torch.equal(first[key], other[key]) for key in first)
    require(differs, f"{case.name}: another seed builds the same network.")


def _check_groups(case: _Case) -> None:
    names = {id(parameter): name for name, parameter in case.trainable.items()}
    grouped: dict[int, frozenset[str]] = {}
    for tasks, parameters in case.network.parameter_groups().items():
        strange = tasks - set(case.data.tasks.names)
        require(tasks and not strange, f"{case.name}: a parameter group of the tasks {set(tasks)}.")
        for parameter in parameters:
            key = id(parameter)
            require(key in names, f"{case.name}: a group holds a parameter that is not trained.")
            require(key not in grouped, f"{case.name}: {names[key]} is in two parameter groups.")
            grouped[key] = tasks
    for key, name in names.items():
        require(key in grouped, f"{case.name}: {name} is in no parameter group.")
    for parameter, tasks_in_order in case.network.task_owned().items():
        name = names.get(id(parameter), "a parameter")
        words = f"{case.name}: {name} has {len(parameter)} slices for {len(tasks_in_order)} tasks."
        require(len(parameter) == len(tasks_in_order), words)
        words = f"{case.name}: {name} is owned by other tasks than its group's."
        require(frozenset(tasks_in_order) == grouped.get(id(parameter)), words)


def _check_scores(case: _Case) -> None:
    network = case.network
    with torch.no_grad():
        raw, again = network(case.batch), network(case.batch)
    require(set(raw) == {block.name for block in network.blocks}, f"{case.name}: {set(raw)}.")
    dense = score(network, case.sources)
    for block in network.blocks:
        n_rows = sum(case.sources[name].n_rows for name in block.sources)
        heads = () if block.own_rows else (len(block.tasks),)
        shape = (n_rows, *heads, block.size)
        found = tuple(dense[block.name].shape)
        require(found == shape, f"{case.name}: scores of {block.name} are {found}, not {shape}.")
        require_finite(raw[block.name], f"{case.name}: scores of {block.name} are not finite")
        require_same(again[block.name], raw[block.name], f"{case.name}: evaluation is random")
    few = {name: source.take(torch.arange(7)) for name, source in case.sources.items()}
    for name, source in few.items():
        alone = score(network, {name: source})
        for block in network.blocks:
            if name in block.sources:
                words = f"{case.name}: the score of a row depends on other rows"
                wanted = _rows_of(case, block.sources, name, dense[block.name])[:7]
                require_close(alone[block.name], wanted, words, relative=1e-4, absolute=1e-5)
    _check_features(case, raw)
    penalty = network.penalty()
    require(penalty.shape == (), f"{case.name}: the penalty has shape {tuple(penalty.shape)}.")
    require_finite(penalty.detach(), f"{case.name}: the penalty is not finite")


def _check_features(case: _Case, raw: Raw) -> None:
    """Where there is a last common representation, the scores follow from it."""
    with torch.no_grad():
        features = case.network.features(case.batch)
        if features is None:
            return
        strange = set(features) - set(case.sources)
        require(not strange, f"{case.name}: features of {strange}, which are no sources.")
        try:
            answered = case.network.answer(features, case.batch)
        except NotImplementedError as error:
            words = f"{case.name}: there are `features`, but no `answer` from them: {error}"
            raise AssertionError(words) from error
    for name, scores in raw.items():
        words = f"{case.name}: `answer` of the features is not what `forward` gives for {name}"
        require_close(answered[name], scores, words, relative=1e-5, absolute=1e-6)


def _rows_of(case: _Case, sources: tuple[str, ...], name: str, scores: Tensor) -> Tensor:
    """A source's part of a block's rows."""
    start = sum(case.sources[other].n_rows for other in sources[: sources.index(name)])
    return scores[start : start + case.sources[name].n_rows]


def _check_ownership(case: _Case) -> None:
    """A task's loss must pull at its own parameters, and at no other task's."""
    network, tasks = case.network, case.data.tasks
    batch = case.batch
    losses, _ = MultiTaskLoss(network.blocks, tasks)(network(batch), batch)
    require(losses.requires_grad, f"{case.name}: the losses pull at no parameter.")
    names = {id(parameter): name for name, parameter in case.trainable.items()}
    groups = network.parameter_groups()
    owned = {id(parameter): order for parameter, order in network.task_owned().items()}
    for loss, task in zip(losses, tasks.names, strict=True):
        parameters = [parameter for group in groups.values() for parameter in group]
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        keys = [key for key, group in groups.items() for _ in group]
        for key, parameter, gradient in zip(keys, parameters, gradients, strict=True):
            if gradient is None:
                continue
            where = names[id(parameter)]
            require_finite(gradient, f"{case.name}: the gradient of {where} is not finite")
            order = owned.get(id(parameter), ())
            foreign = [position for position, name in enumerate(order) if name != task]
            rest = gradient[foreign] if order else gradient * (task not in key)
            words = f"{case.name}: the loss of {task} pulls at {where}, which is not its own."
            require(not rest.any(), words)
        moved = any(gradient is not None and gradient.any() for gradient in gradients)
        require(moved, f"{case.name}: the loss of {task} pulls at no parameter.")
