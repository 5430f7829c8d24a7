"""Categories of a vocabulary that none of the rows holds from which their vectors could learn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate

import torch
from jaxtyping import Bool
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.architectures._code_tables import code_tables
from polytask.data import SourceBatch
from polytask.encoders._code_table import CodeTable

__all__ = ["clear_absent_categories"]


@torch.no_grad()
def clear_absent_categories(network: MultiTaskModule, train: Mapping[str, SourceBatch]) -> None:
    """Set the vectors of categories to 0 that no labelled row of the tasks they serve holds.

    They would stay as they were drawn. Of 0, a table makes the mean of what it learned.

    Parameters
    ----------
    network : MultiTaskModule
        As it was drawn.
    train : mapping of source name to SourceBatch of tensors
        The training rows.
    """
    owners = {id(owned.tensor): owned for owned in network.owners()}
    for weight, table in code_tables(network):
        rows, owned = train.get(table.source), owners[id(weight)]
        if rows is None or not owned.tasks:
            continue
        if owned.axis is None:
            _clear(weight, ~_held(network, rows, table, owned.all_tasks))
            continue
        for position in range(len(owned.tasks)):
            absent = ~_held(network, rows, table, owned.served_by(position))
            _clear(weight.select(owned.axis, position), absent)


def _clear(vectors: Tensor, absent: Bool[Tensor, " n_codes"]) -> None:
    if bool(absent.any()):
        vectors.masked_fill_(absent[:, None], 0.0)


def _held(
    network: MultiTaskModule, rows: SourceBatch, table: CodeTable, tasks: Collection[str]
) -> Bool[Tensor, " n_codes"]:
    """Which codes of a table labelled rows of the tasks hold."""
    sizes, codes = table.cardinalities, rows.inputs["categorical"]
    offsets = torch.tensor([0, *accumulate(sizes[:-1])], device=codes.device)
    held = torch.zeros(sum(sizes), dtype=torch.bool, device=codes.device)
    labelled = _labelled(network, table.source, rows, tasks)
    held[(codes[labelled] + offsets).flatten()] = True
    return held


def _labelled(
    network: MultiTaskModule, source: str, rows: SourceBatch, tasks: Collection[str]
) -> Bool[Tensor, " n_rows"]:
    """Which rows of a source have a label of one of the tasks."""
    device = rows.inputs["categorical"].device
    labelled = torch.zeros(rows.n_rows, dtype=torch.bool, device=device)
    if rows.task is not None:
        positions = [k for k, name in enumerate(network.tasks.names) if name in tasks]
        of_tasks = torch.isin(rows.task, torch.tensor(positions, device=device))
        for labels in (rows.targets or {}).values():
            labelled |= of_tasks & labels.mask.flatten(1).any(dim=1)
        return labelled
    for block in network.blocks:
        names = block.tasks_in(source)
        columns = [k for k, name in enumerate(names) if name in tasks]
        if columns:
            mask = rows.labels(block.name).mask[:, columns]
            labelled |= mask.flatten(1).any(dim=1)
    return labelled
