"""Batches in which each task draws rows of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.data import Batch, Block, BlockTargets, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.sampling._epoch_batches import bounds, n_batches, steps_per_epoch
from polytask.tasks import TaskSet
from polytask.training._batches import Batches
from polytask.training._trimmed import trimmed

__all__ = ["ReplicatedBatches", "padded", "replicated_rows"]


class ReplicatedBatches(Batches):
    """Shuffled batches in which every task draws its own labelled rows, as it would alone.

    Parameters
    ----------
    network : MultiTaskModule
        Replicated.
    sources : Batch of tensors
    tasks : TaskSet
    batch_size : int
        Tasks with fewer labelled rows take all of them.
    seed : int
    size_for : callable, optional
        Rows of a batch of a task by the number of its labelled rows; by default `batch_size`.

    Attributes
    ----------
    steps_per_epoch : int
        Steps that all rows of all sources would take together, so that joint and single-task
        networks train equally long.
    """

    def __init__(
        self,
        network: MultiTaskModule,
        sources: Batch,
        tasks: TaskSet,
        batch_size: int,
        seed: int,
        size_for: Callable[[int], int] | None = None,
    ) -> None:
        self.sources, self.blocks, self.tasks, self.seed = sources, network.blocks, tasks, seed
        self.tasks_of = {source: network.tasks_in(source) for source in sources}
        sizes = [rows.n_rows for rows in sources.values()]
        self.starts = dict(zip(sources, [0, *accumulate(sizes)], strict=False))
        self.over_sources = {
            name for name in tasks.names if sum(name in own for own in self.tasks_of.values()) > 1
        }
        self.rows = {name: self._labelled_rows(name) for name in tasks.names}
        numbers = {name: len(rows) for name, rows in self.rows.items()}
        self.sizes = {
            name: min(n_rows, batch_size if size_for is None else size_for(n_rows))
            for name, n_rows in numbers.items()
        }
        self.steps_per_epoch = steps_per_epoch(sum(sizes), batch_size)
        self._orders: dict[str, tuple[int, Tensor]] = {}
        self._all_whole = all(self.sizes[name] == len(rows) for name, rows in self.rows.items())
        self._whole: Batch | None = None

    @property
    def longest_epoch(self) -> int:
        """Steps in which every task reads its rows once; all tasks are evaluated together."""
        return max(n_batches(len(rows), self.sizes[name]) for name, rows in self.rows.items())

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        if not self._all_whole:
            return self._batch(step)
        if self._whole is None:
            self._whole = self._batch(step)
        return self._whole

    def _batch(self, step: int) -> Batch:
        drawn = {name: self._drawn(name, step) for name in self.rows}
        rows = {
            source: [self._of_source(drawn[name], name, source) for name in names]
            for source, names in self.tasks_of.items()
        }
        width = max(len(own) for of_source in rows.values() for own in of_source)
        return {
            source: trimmed(
                replicated_rows(
                    self.blocks, source, names, self.sources[source], *padded(rows[source], width)
                )
            )
            for source, names in self.tasks_of.items()
            if any(map(len, rows[source]))
        }

    def _of_source(self, drawn: Tensor, name: str, source: str) -> Int64[Tensor, " m"]:
        """A task's rows of one source.

        A single row beside those of other sources is left to a later epoch, since batch norm
        cannot be computed on it.
        """
        rows = drawn - self.starts[source] if self.starts[source] else drawn
        if name not in self.over_sources:
            return rows
        rows = rows[(rows >= 0) & (rows < self.sources[source].n_rows)]
        return rows[:0] if len(rows) == 1 < len(drawn) else rows

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
        counts = loss.counts(self.sources)
        return counts * torch.tensor(share, device=counts.device)

    def _labelled_rows(self, name: str) -> Int64[Tensor, " n"]:
        """Every labelled row of a task, counted through all sources one after another."""
        block = next(block for block in self.blocks if name in block.tasks)
        rows = []
        for source, names in self.tasks_of.items():
            if name in names:
                own = _labelled(block, source, name, self.tasks, self.sources[source])
                rows.append(own + self.starts[source])
        return torch.cat(rows)

    def _drawn(self, name: str, step: int) -> Int64[Tensor, " n"]:
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


def _labelled(
    block: Block, source: str, name: str, tasks: TaskSet, rows: SourceBatch
) -> Int64[Tensor, " n"]:
    """A task's labelled rows in one source."""
    mask = rows.labels(block.name).mask
    if rows.task is None:
        mask = mask[:, block.tasks_in(source).index(name)]
    labelled = mask.flatten(1).any(dim=1)
    if rows.task is not None:
        labelled &= rows.task == tasks.index(name)
    return torch.nonzero(labelled).flatten().cpu()


def padded(
    rows: Sequence[Tensor], width: int | None = None
) -> tuple[Int64[Tensor, "k n"], Int64[Tensor, " k"]]:
    """Rows of every task padded to equal lengths, and the number of rows before the padding."""
    sizes = torch.tensor([len(own) for own in rows])
    index = torch.zeros(len(rows), width or int(sizes.max()), dtype=torch.int64)
    for position, own in enumerate(rows):
        index[position, : len(own)] = own
    return index, sizes


def replicated_rows(
    blocks: Sequence[Block],
    source: str,
    names: tuple[str, ...],
    stored: SourceBatch,
    index: Int64[Tensor, "k n"],
    sizes: Int64[Tensor, " k"],
) -> SourceBatch:
    """Gather the rows that each task of a source has drawn.

    Parameters
    ----------
    blocks : sequence of Block
    source : str
    names : tuple of str
        The source's k tasks.
    stored : SourceBatch of tensors
        All rows of the source.
    index : tensor of shape (k, n), int64
        Row i drawn for each task.
    sizes : tensor of shape (k,), int64
        Rows drawn for each task, without the padding.
    """
    inputs = {part: array[index] for part, array in stored.inputs.items()}
    counted = torch.arange(index.shape[1]) < sizes[:, None]
    targets = {}
    for block in blocks:
        own = block.tasks_in(source)
        if own:
            drawn, valid = index, counted
            if own != names:
                columns = [names.index(name) for name in own]
                drawn, valid = index[columns], counted[columns]
            targets[block.name] = _targets(stored, block.name, drawn, valid)
    return SourceBatch(inputs, targets=targets, sizes=sizes)


def _targets(stored: SourceBatch, block: str, index: Tensor, counted: Tensor) -> BlockTargets:
    """Labels (n, n_tasks, …) of the rows drawn; padding is masked."""
    labels = stored.labels(block)
    cells: Any = index
    if stored.task is None:
        cells = index, torch.arange(len(index))[:, None]
    values, mask = labels.values[cells], labels.mask[cells]
    mask = mask & counted.view(*counted.shape, *[1] * (mask.ndim - 2)).to(mask.device)
    weight = None if labels.weight is None else labels.weight[cells].T
    return BlockTargets(values.transpose(0, 1), mask.transpose(0, 1), weight)
