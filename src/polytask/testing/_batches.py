"""All rows of a data set as one batch of tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, MultiTaskDataset, Schema, SourceBatch, encode
from polytask.training import to_tensors
from polytask.training._replicated_batches import padded, replicated_rows

__all__ = ["batch_of", "encoded_for"]


def encoded_for(
    network: MultiTaskModule, data: MultiTaskDataset, schemas: Mapping[str, Schema]
) -> dict[str, SourceBatch]:
    """The data set's rows as tensors, with labels block by block."""
    return to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def batch_of(network: MultiTaskModule, sources: Batch) -> Batch:
    """One batch; where each task draws rows of its own, each draws all that it may."""
    if not network.replicated:
        return sources
    batch = {}
    for name, rows in sources.items():
        names = network.tasks_in(name)
        drawn = [torch.arange(rows.n_rows)] * len(names)
        if rows.task is not None:
            own = [rows.task == network.tasks.index(task) for task in names]
            drawn = [torch.nonzero(mine).flatten() for mine in own]
        batch[name] = replicated_rows(network.blocks, name, names, rows, *padded(drawn))
    return batch
