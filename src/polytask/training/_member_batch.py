"""The rows of one member as its own network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import SourceBatch
from polytask.training._stack_table import RowSet, StackTable
from polytask.training._trimmed import trimmed

__all__ = ["member_batch"]


def member_batch(
    table: StackTable, rows: RowSet, chosen: Mapping[str, Tensor], network: MultiTaskModule
) -> dict[str, SourceBatch]:
    """Rows of a table with the labels of a network's blocks.

    Parameters
    ----------
    table : StackTable
    rows : RowSet
        Its training or validation rows.
    chosen : mapping of source name to tensor of int64
        Rows in ascending order; inputs are not copied where these are all.
    network : MultiTaskModule
        Of tasks of the table.
    """
    return {
        source: _of_source(table, rows.rows[source], source, index, network)
        for source, index in chosen.items()
        if source in network.sources and len(index)
    }


def _columns(places: list[int], array: Tensor) -> Tensor:
    return array[:, places]


def _of_source(
    table: StackTable, stored: SourceBatch, source: str, index: Tensor, network: MultiTaskModule
) -> SourceBatch:
    taken = stored if len(index) == stored.n_rows else stored.take(index)  # all rows are shared
    targets = {}
    for block in network.blocks:
        names = block.tasks_in(source)
        if not names:
            continue
        of_table = table.block_of(names[0])
        labels = taken.labels(of_table.name)
        if stored.task is not None and source not in block.own_rows:
            labels = labels.map(partial(torch.unsqueeze, dim=1))
        elif stored.task is None:
            places = [of_table.tasks_in(source).index(name) for name in names]
            labels = labels.map(partial(_columns, places))
        targets[block.name] = labels
    task = None
    if taken.task is not None and any(source in block.own_rows for block in network.blocks):
        own = [network.tasks.index(n) if n in network.tasks.names else 0 for n in table.tasks.names]
        task = torch.tensor(own, device=taken.task.device)[taken.task]
    return trimmed(SourceBatch(taken.inputs, task=task, targets=targets))
