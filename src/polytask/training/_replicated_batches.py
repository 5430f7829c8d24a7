"""Batches in which each task sees rows of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, Block, BlockTargets, EncodedSource
from polytask.losses import MultiTaskLoss
from polytask.tasks import TaskSet
from polytask.training._epoch import bounds, n_batches
from polytask.training._tensors import derived_seed, joined

__all__ = ["ReplicatedBatches", "replicated_batch"]


class ReplicatedBatches:
    """For each task, shuffled batches over its own labelled rows, as it would see them alone.

    Parameters
    ----------
    network : MultiTaskModule
        Replicated; names its sources' tasks.
    sources : mapping of source name to EncodedSource of tensors
    tasks : TaskSet
    batch_size : int
        Tasks with fewer labelled rows take all of them.
    seed : int

    Attributes
    ----------
    steps_per_epoch : int
        Steps that all rows of all sources would take together, so that joint and single-task
        networks are looked at equally often.
    """

    def __init__(
        self,
        network: MultiTaskModule,
        sources: Mapping[str, EncodedSource],
        tasks: TaskSet,
        batch_size: int,
        seed: int,
    ) -> None:
        self.sources, self.blocks, self.tasks, self.seed = sources, network.blocks, tasks, seed
        self.tasks_of = _tasks_of(network.blocks, sources, tasks)
        self.rows = {
            name: _labelled_rows(name, network.blocks, sources[source])
            for source, names in self.tasks_of.items()
            for name in names
        }
        self.sizes = {name: min(batch_size, len(rows)) for name, rows in self.rows.items()}
        total = sum(source.n_rows for source in sources.values())
        self.steps_per_epoch = n_batches(total, min(batch_size, total))
        self._orders: dict[str, tuple[int, Tensor]] = {}
        self._all_whole = all(self.sizes[name] == len(rows) for name, rows in self.rows.items())
        self._whole: Batch | None = None

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        if not self._all_whole:
            return self._batch(step)
        if self._whole is None:
            self._whole = self._batch(step)
        return self._whole

    def _batch(self, step: int) -> Batch:
        rows = {name: self._drawn(name, step) for name in self.rows}
        width = max(map(len, rows.values()))
        drawn = {}
        for source, names in self.tasks_of.items():
            index = torch.zeros(len(names), width, dtype=torch.int64)
            for position, name in enumerate(names):
                index[position, : len(rows[name])] = rows[name]
            drawn[source] = (index, torch.tensor([len(rows[name]) for name in names]))
        return replicated_batch(self.blocks, self.tasks_of, self.sources, drawn)

    def fraction(self, step: int) -> Float[Tensor, " n_tasks"]:
        """Rows of each task's batch as a share of its full batch."""
        shares = []
        for name in self.tasks.names:
            n_rows, size = len(self.rows[name]), self.sizes[name]
            rows = bounds(step % n_batches(n_rows, size), n_rows, size)
            shares.append((rows.stop - rows.start) / size)
        return torch.tensor(shares)

    def expected(self, loss: MultiTaskLoss) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task is expected to have in its batch."""
        share = [self.sizes[name] / len(self.rows[name]) for name in self.tasks.names]
        counts = loss.counts(joined(self.sources))
        return counts * torch.tensor(share, device=counts.device)

    def _drawn(self, name: str, step: int) -> Tensor:
        rows, size = self.rows[name], self.sizes[name]
        if size == len(rows):
            return rows
        epoch, position = divmod(step, n_batches(len(rows), size))
        order = self._orders.get(name)
        if order is None or order[0] != epoch:
            generator = torch.Generator().manual_seed(derived_seed(self.seed, name, epoch))
            order = (epoch, rows[torch.randperm(len(rows), generator=generator, device="cpu")])
            self._orders[name] = order
        return order[1][bounds(position, len(rows), size)]


def _tasks_of(
    blocks: Sequence[Block], sources: Mapping[str, EncodedSource], tasks: TaskSet
) -> dict[str, tuple[str, ...]]:
    """Each source's tasks, in the order of the task set."""
    carried: dict[str, set[str]] = {name: set() for name in sources}
    for block in blocks:
        for name in block.sources:
            if name in carried:
                carried[name].update(block.tasks_in(name))
    return {
        source: tuple(n for n in tasks.names if n in names) for source, names in carried.items()
    }


def _labelled_rows(name: str, blocks: Sequence[Block], source: EncodedSource) -> Tensor:
    block = next(block for block in blocks if name in block.tasks)
    targets, position = source.targets[block.name], block.tasks.index(name)
    labelled = targets.labels()[1].any(dim=-1)
    mine = labelled[:, position] if targets.task is None else labelled & (targets.task == position)
    return torch.nonzero(mine).flatten().cpu()


def replicated_batch(
    blocks: Sequence[Block],
    tasks_of: Mapping[str, tuple[str, ...]],
    sources: Mapping[str, EncodedSource],
    drawn: Mapping[str, tuple[Int64[Tensor, "k n"], Int64[Tensor, " k"]]],
) -> Batch:
    """Gather rows drawn for each task into one replicated batch.

    Parameters
    ----------
    blocks : sequence of Block
    tasks_of : mapping of source name to its tasks
    sources : mapping of source name to EncodedSource of tensors
    drawn : mapping of source name to (index, sizes)
        Row i drawn for the source's k-th task, and how many of them count.
    """
    inputs = {
        name: {part: array[index] for part, array in sources[name].inputs.items()}
        for name, (index, _) in drawn.items()
    }
    targets = {}
    for block in blocks:
        parts = [
            _targets(block, name, tasks_of[name], sources[name], *drawn[name])
            for name in block.sources
            if name in drawn
        ]
        targets[block.name] = parts[0] if len(parts) == 1 else _interleaved(block, parts, tasks_of)
    sizes = {name: counts for name, (_, counts) in drawn.items()}
    return Batch(inputs, targets, replicated=True, sizes=sizes)


def _targets(
    block: Block,
    source: str,
    names: tuple[str, ...],
    encoded: EncodedSource,
    index: Tensor,
    sizes: Tensor,
) -> BlockTargets:
    own = block.tasks_in(source)
    if own != names:
        positions = [names.index(name) for name in own]
        index, sizes = index[positions], sizes[positions]
    valid = torch.arange(index.shape[1]) < sizes[:, None]
    stored = encoded.targets[block.name]
    places: Any = index
    if stored.task is None:
        places = index, torch.tensor([block.tasks.index(name) for name in own])[:, None]
    values, mask = (labels[places] for labels in stored.labels())
    weight = stored.weight
    if weight is not None:
        weight = weight[index if weight.ndim == 1 else places].T
    mask = mask & valid[..., None].to(mask.device)
    return BlockTargets(values.transpose(0, 1), mask.transpose(0, 1), None, weight)


def _interleaved(
    block: Block, parts: list[BlockTargets], tasks_of: Mapping[str, tuple[str, ...]]
) -> BlockTargets:
    """Join tasks of several sources in the block's order."""
    order = [
        name for source in block.sources if source in tasks_of for name in block.tasks_in(source)
    ]
    positions = [order.index(name) for name in block.tasks]

    def field(name: str) -> Tensor | None:
        tensors = [getattr(part, name) for part in parts]
        if any(tensor is None for tensor in tensors):
            return None
        return torch.cat(tensors, dim=1)[:, positions]

    return BlockTargets(field("values"), field("mask"), None, field("weight"))
