"""Raw scores of many rows, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, Block, EncodedSource

__all__ = ["score"]

_ROWS_AT_ONCE = 16384


def score(
    network: MultiTaskModule,
    sources: Mapping[str, EncodedSource],
    rows_at_once: int = _ROWS_AT_ONCE,
) -> dict[str, Tensor]:
    """Score all rows without gradients, in evaluation mode.

    Parameters
    ----------
    network : MultiTaskModule
    sources : mapping of source name to EncodedSource of tensors
        With or without labels.
    rows_at_once : int, default 16384

    Returns
    -------
    dict of block name to tensor
        (n, n_tasks, size), or (n, size) where each row has one task; rows of the block's
        sources one after another.
    """
    training = network.training
    network.eval()
    parts: dict[str, list[Tensor]] = {}
    answer = _score_replicated if network.replicated else _score_joint
    try:
        with torch.no_grad():
            for name, source in sources.items():
                for start in range(0, source.n_rows, rows_at_once):
                    rows = torch.arange(start, min(start + rows_at_once, source.n_rows))
                    for block, scores in answer(network, name, source.take(rows)).items():
                        parts.setdefault(block, []).append(scores)
    finally:
        network.train(training)
    return {name: torch.cat(scores) for name, scores in parts.items()}


def _score_joint(network: MultiTaskModule, name: str, source: EncodedSource) -> dict[str, Tensor]:
    return network(Batch({name: source.inputs}, source.targets))


def _score_replicated(
    network: MultiTaskModule, name: str, source: EncodedSource
) -> dict[str, Tensor]:
    blocks = [block for block in network.blocks if name in block.sources]
    if len(blocks) == 1 and blocks[0].own_rows and len(blocks[0].tasks_in(name)) > 1:
        return {blocks[0].name: _score_own_rows(network, blocks[0], name, source)}
    n_replicas = sum(len(block.tasks_in(name)) for block in blocks)
    inputs = {part: array.expand(n_replicas, *array.shape) for part, array in source.inputs.items()}
    raw = network(Batch({name: inputs}, {}, replicated=True))
    return {block.name: _own(raw[block.name], source.targets[block.name].task) for block in blocks}


def _own(scores: Tensor, task: Tensor | None) -> Tensor:
    """The scores of each row's own task, where it has one."""
    return scores if task is None else scores[torch.arange(len(task), device=task.device), task]


def _score_own_rows(
    network: MultiTaskModule, block: Block, name: str, source: EncodedSource
) -> Tensor:
    """Group rows by task, so that each network sees its own only."""
    task = source.targets[block.name].task
    own = torch.tensor([block.tasks.index(task_name) for task_name in block.tasks_in(name)])
    groups = [torch.nonzero(task == position).flatten() for position in own]
    width = max(len(group) for group in groups)
    index = torch.zeros(len(groups), width, dtype=torch.int64)
    for position, group in enumerate(groups):
        index[position, : len(group)] = group
    inputs = {part: array[index] for part, array in source.inputs.items()}
    raw = network(Batch({name: inputs}, {}, replicated=True))[block.name]
    scores = raw.new_zeros(source.n_rows, block.size)
    for column, group in zip(own.tolist(), groups, strict=True):
        scores[group] = raw[: len(group), column]
    return scores
