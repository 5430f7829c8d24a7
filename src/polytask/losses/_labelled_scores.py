"""Scores and labels of a block, joined across sources into as few tensors as possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from polytask.data import Batch, Block

__all__ = ["Cells", "cells_of"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Scores and labels of a block's tasks, row by row.

    Attributes
    ----------
    block : str
    sources : tuple of str
        Where the rows come from; empty if the columns are all tasks of the block.
    scores : tensor of shape (n, n_tasks, size), or (n, size) where each row has one task
    values, mask : tensors of shape (n, n_tasks, c), or (n, c)
    weight : tensor of shape (n, n_tasks) or (n,), or None
    tasks : tensor of int64
        Position in the task set of each row's task (n,), or of each column (n_tasks,).
    by_row : bool
        Whether each row has one task.
    scale : float, tensor of shape (n, n_tasks) or (n,), or None
        Factor of the losses.
    members : int
        How often each row stands for the members of an ensemble, one time after another.
    """

    block: str
    sources: tuple[str, ...]
    scores: Tensor
    values: Tensor
    mask: Tensor
    weight: Tensor | None
    tasks: Tensor
    by_row: bool
    scale: float | Tensor | None
    members: int = 1

    @property
    def key(self) -> tuple[str | int, ...]:
        """Block, sources and number of columns, which determine the tasks of the columns."""
        return (self.block, *self.sources, len(self.tasks))


def cells_of(
    block: Block,
    raw: Mapping[tuple[str, str], Tensor],
    batch: Batch,
    positions: Mapping[tuple[str, str], Tensor],
    scale: Mapping[str, float],
) -> list[Cells]:
    """The cells of a block, in as few tensors as its sources allow.

    Parameters
    ----------
    block : Block
    raw : mapping of (source, block) to scores
    batch : Batch
    positions : mapping of (source, block) to tensor of int64
        Positions in the task set of the block's tasks that a source carries.
    scale : mapping of source name to float
        Factors of the losses of some sources.
    """
    cells = [
        _of_source(source, block.name, raw[source, block.name], batch, positions, scale)
        for source in block.sources
        if (source, block.name) in raw
    ]
    if len(cells) == 1:
        return cells
    dense = [part for part in cells if not part.by_row]
    rest = [part for part in cells if part.by_row]
    unscaled = all(part.scale is None for part in dense)
    if len(dense) > 1 and unscaled and len({len(part.scores) for part in dense}) == 1:
        return [_beside(dense), *rest]
    lone = [part for part in dense if len(part.tasks) == 1]
    if len(lone) > 1:
        return [_below(lone), *(part for part in dense if len(part.tasks) > 1), *rest]
    return cells


def _of_source(
    source: str,
    block: str,
    scores: Tensor,
    batch: Batch,
    positions: Mapping[tuple[str, str], Tensor],
    scale: Mapping[str, float],
) -> Cells:
    rows = batch[source]
    labels, by_row = rows.labels(block), rows.task is not None
    tasks = positions[source, block] if rows.task is None else rows.task
    return Cells(
        block,
        (source,),
        scores,
        labels.values,
        labels.mask,
        labels.weight,
        tasks,
        by_row,
        scale.get(source),
        rows.members,
    )


def _beside(cells: Sequence[Cells]) -> Cells:
    """Tasks of sources with equally many rows as columns of one tensor."""
    return Cells(
        cells[0].block,
        tuple(source for part in cells for source in part.sources),
        torch.cat([part.scores for part in cells], dim=1),
        torch.cat([part.values for part in cells], dim=1),
        torch.cat([part.mask for part in cells], dim=1),
        _weights(cells, dim=1),
        torch.cat([part.tasks for part in cells]),
        by_row=False,
        scale=None,
        members=cells[0].members,
    )


def _below(cells: Sequence[Cells]) -> Cells:
    """Rows of several sources of one task, concatenated, each with the position of its task."""
    sizes = [len(part.scores) for part in cells]
    scores = torch.cat([part.scores for part in cells]).squeeze(1)
    counts = torch.tensor(sizes, device=scores.device)
    tasks = torch.cat([part.tasks for part in cells])
    factors = None
    if any(part.scale is not None for part in cells):
        scales = [1.0 if part.scale is None else float(part.scale) for part in cells]
        factors = torch.tensor(scales, device=scores.device).repeat_interleave(counts)
    weight = _weights(cells, dim=0)
    return Cells(
        cells[0].block,
        tuple(source for part in cells for source in part.sources),
        scores,
        torch.cat([part.values for part in cells]).squeeze(1),
        torch.cat([part.mask for part in cells]).squeeze(1),
        None if weight is None else weight.squeeze(1),
        tasks.repeat_interleave(counts, output_size=len(scores)),
        by_row=True,
        scale=factors,
        members=cells[0].members,
    )


def _weights(cells: Sequence[Cells], dim: int) -> Tensor | None:
    if all(part.weight is None for part in cells):
        return None
    return torch.cat(
        [
            torch.ones(part.scores.shape[:2], device=part.scores.device)
            if part.weight is None
            else part.weight
            for part in cells
        ],
        dim=dim,
    )
