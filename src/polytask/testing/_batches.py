"""All rows of a data set as one batch of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import (
    Batch,
    Block,
    BlockTargets,
    EncodedSource,
    MultiTaskDataset,
    Schema,
    encode,
)
from polytask.training import to_tensors

__all__ = ["batch_of", "encoded_for"]


def encoded_for(
    network: MultiTaskModule, data: MultiTaskDataset, schemas: Mapping[str, Schema]
) -> dict[str, EncodedSource]:
    """The data set's rows as tensors, with labels block by block."""
    return to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def batch_of(network: MultiTaskModule, sources: Mapping[str, EncodedSource]) -> Batch:
    """One batch; where each task has rows of its own drawn, all tasks draw the same rows."""
    joined = Batch.of(sources, _concatenate)
    if not network.replicated:
        return joined
    inputs = {}
    for name, source in sources.items():
        count = sum(len(block.tasks_in(name)) for block in network.blocks)
        inputs[name] = {k: array.expand(count, *array.shape) for k, array in source.inputs.items()}
    targets = {block.name: _replicated(block, sources) for block in network.blocks}
    return Batch(inputs, targets, replicated=True)


def _replicated(block: Block, sources: Mapping[str, EncodedSource]) -> BlockTargets:
    """Labels (n, n_tasks, c) of the block's tasks, each from the source that carries it."""
    values, masks = [], []
    for position, name in enumerate(block.tasks):
        source = next(source for source in block.sources if name in block.tasks_in(source))
        targets = sources[source].targets[block.name]
        value, mask = targets.labels()
        if targets.task is None:
            value, mask = value[:, position], mask[:, position]
        else:
            mask = mask & (targets.task == position)[:, None]
        values.append(value)
        masks.append(mask)
    return BlockTargets(torch.stack(values, dim=1), torch.stack(masks, dim=1))


def _concatenate(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(parts))
