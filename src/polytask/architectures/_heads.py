"""Linear heads of all tasks of a block as one stacked parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._multi_task_module import Raw
from polytask.architectures._owners import Owned, Owner
from polytask.data import Batch, Block
from polytask.encoders import State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["BlockHeads", "Heads"]


class BlockHeads(nn.Module):
    r"""Linear heads :math:`s_k = V_k h + b_k` of a block's tasks, stacked.

    Parameters
    ----------
    block : Block
    tasks : TaskSet
        Of the whole network.
    in_features : int
        Width of the features h.

    Attributes
    ----------
    weight : tensor of shape (n_tasks, size, in_features)
    bias : tensor of shape (n_tasks, size)
    """

    position: Tensor

    def __init__(self, block: Block, tasks: TaskSet, in_features: int) -> None:
        super().__init__()
        shape = (len(block.tasks), block.size)
        bound = 1 / math.sqrt(max(in_features, 1))
        self.weight = nn.Parameter(torch.empty(*shape, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.holds_all = block.tasks == tasks.names
        self.register_buffer("position", positions(tasks.names, block.tasks), persistent=False)

    def of_all(self, features: Tensor, tasks: list[int] | None = None) -> Tensor:
        """Scores (n, n_tasks, size) of the same rows, (n, h), for all tasks or some."""
        weight, bias = self._of(tasks)
        scores = nn.functional.linear(features, weight.flatten(0, 1), bias.flatten())
        return scores.view(*scores.shape[:-1], *bias.shape)

    def of_own(self, features: Tensor, task: Tensor) -> Tensor:
        """Scores (n, size) of rows (n, h), each by the head at its position in the block."""
        own = torch.einsum("nsh,nh->ns", self.weight.index_select(0, task), features)
        return own + self.bias.index_select(0, task)

    def in_block(self, task: Tensor) -> Tensor:
        """Positions in the block of tasks of the task set."""
        return task if self.holds_all else self.position[task]

    def of_each(self, features: Tensor, tasks: list[int] | None = None) -> Tensor:
        """Scores (n, n_tasks, size) from features of each task's own, (n_tasks, n, h)."""
        weight, bias = self._of(tasks)
        return torch.baddbmm(bias[:, None, :], features, weight.transpose(1, 2)).transpose(0, 1)

    def matrices(self) -> list[Tensor]:
        """The weight matrix of every task, (size, in_features)."""
        return list(self.weight.detach())

    def _of(self, tasks: list[int] | None) -> tuple[Tensor, Tensor]:
        if tasks is None:
            return self.weight, self.bias
        return self.weight[tasks], self.bias[tasks]


class Heads(Owner, nn.ModuleList):
    """A linear head for every task, those of a block stacked; sequences and maps are mean-pooled.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
    shape : tuple of int, or mapping of block name to tuple of int
        Shape of a row's features: (h,), (l, h) or (c, height, width).
    per_task : bool, default False
        Whether every task has features of its own: values then have a leading axis over the
        tasks of the source, such as (n_tasks, n, h), in the order of the task set. Sequences of
        all tasks have one mask, (n, l).

    Examples
    --------
    >>> from polytask.architectures import Heads
    >>> from polytask.data import MultiTaskDataset, fit_schemas, make_blocks
    >>> table = {"age": [31, 44, 28], "rich": [0, 1, 0], "single": ["yes", "no", None]}
    >>> data = MultiTaskDataset.from_table(table, ["rich", "single"])
    >>> heads = Heads(make_blocks(data.tasks, fit_schemas(data)), data.tasks, (16,))
    >>> [owned.tasks for owned in heads.owners()]
    [('rich', 'single'), ('rich', 'single')]
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        tasks: TaskSet,
        shape: tuple[int, ...] | Mapping[str, tuple[int, ...]],
        *,
        per_task: bool = False,
    ) -> None:
        shapes = shape if isinstance(shape, Mapping) else {b.name: shape for b in blocks}
        super().__init__(BlockHeads(b, tasks, pooled_width(shapes[b.name])) for b in blocks)
        self.blocks, self.tasks, self.per_task = tuple(blocks), tasks, per_task
        carried = {source: set[str]() for block in blocks for source in block.sources}
        for block in blocks:
            for source in block.sources:
                carried[source].update(block.tasks_in(source))
        self._tasks_of = {
            source: tuple(name for name in tasks.names if name in names)
            for source, names in carried.items()
        }
        self._sources = tuple(carried)
        for i, names in enumerate(self._tasks_of.values()):
            self.register_buffer(f"place_{i}", positions(tasks.names, names), persistent=False)

    def forward(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores of every source and block in the batch."""
        pool = _pool_each if self.per_task else mean_pool
        vectors = {name: pool(state) for name, state in features.items()}
        answer = self._of_each if self.per_task else self._of_shared
        raw: Raw = {}
        for block, heads in zip(self.blocks, self, strict=True):
            sources = [source for source in block.sources if source in vectors]
            together = self._together(block, sources, vectors, batch)
            if len(together) > 1:
                join = self._each_joined if self.per_task else self._lone_joined
                raw |= join(block, heads, together, vectors)  # type: ignore[arg-type]
                sources = [source for source in sources if source not in together]
            for source in sources:
                task = batch[source].task
                raw[source, block.name] = answer(block, heads, source, vectors[source], task)  # type: ignore[arg-type]
        return raw

    def _together(
        self, block: Block, sources: list[str], vectors: Mapping[str, Tensor], batch: Batch
    ) -> list[str]:
        """Sources whose scores are one product: of one task each, or of as many rows for each."""
        if len(sources) == 1:
            return []
        dense = [source for source in sources if batch[source].task is None]
        if not self.per_task:
            return [source for source in dense if len(block.tasks_in(source)) == 1]
        counts = {vectors[source].shape[1] for source in dense}
        return dense if len(counts) == 1 else []

    def _lone_joined(
        self, block: Block, heads: BlockHeads, sources: list[str], vectors: Mapping[str, Tensor]
    ) -> Raw:
        """Scores (n, 1, size) of sources that carry one task of the block each."""
        sizes = [len(vectors[source]) for source in sources]
        lone = [block.tasks.index(block.tasks_in(source)[0]) for source in sources]
        rows = torch.cat([vectors[source] for source in sources])
        task = torch.tensor(lone, device=rows.device).repeat_interleave(
            torch.tensor(sizes, device=rows.device), output_size=len(rows)
        )
        scores = torch.split(heads.of_own(rows, task).unsqueeze(1), sizes)
        return {(source, block.name): part for source, part in zip(sources, scores, strict=True)}

    def _each_joined(
        self, block: Block, heads: BlockHeads, sources: list[str], vectors: Mapping[str, Tensor]
    ) -> Raw:
        """Scores (n, n_tasks, size) of sources whose tasks have as many rows each."""
        carried = [block.tasks_in(source) for source in sources]
        own = [
            _picked(vectors[source], _some(names, self._tasks_of[source]))
            for source, names in zip(sources, carried, strict=True)
        ]
        order = [name for names in carried for name in names]
        scores = heads.of_each(torch.cat(own), _some(order, block.tasks))
        parts = torch.split(scores, [len(names) for names in carried], dim=1)
        return {(source, block.name): part for source, part in zip(sources, parts, strict=True)}

    def _of_shared(
        self, block: Block, heads: BlockHeads, source: str, vectors: Tensor, task: Tensor | None
    ) -> Tensor:
        """From the features (n, h) of all tasks."""
        if task is not None:
            return heads.of_own(vectors, heads.in_block(task))
        return heads.of_all(vectors, _some(block.tasks_in(source), block.tasks))

    def _of_each(
        self, block: Block, heads: BlockHeads, source: str, vectors: Tensor, task: Tensor | None
    ) -> Tensor:
        """From the features (n_tasks, n, h) of every task of the source."""
        of_source = self._tasks_of[source]
        if task is not None:
            place = self.get_buffer(f"place_{self._sources.index(source)}")[task]
            rows = vectors[place, torch.arange(len(task), device=task.device)]
            return heads.of_own(rows, heads.in_block(task))
        carried = block.tasks_in(source)
        own = _picked(vectors, _some(carried, of_source))
        return heads.of_each(own, _some(carried, block.tasks))

    def owners(self) -> Sequence[Owned]:
        """Slice k of each block's heads belongs to its k-th task."""
        return [
            Owned(parameter, block.tasks, axis=0)
            for block, heads in zip(self.blocks, self, strict=True)
            for parameter in heads.parameters()
        ]


def positions(known: Sequence[str], chosen: Sequence[str]) -> Tensor:
    """For every known name its position among the chosen ones, 0 where it is none of them."""
    return torch.tensor([chosen.index(name) if name in chosen else 0 for name in known])


def _some(names: Sequence[str], of: Sequence[str]) -> list[int] | None:
    """Positions of names in a longer sequence; None if they are all of it."""
    return None if tuple(names) == tuple(of) else [of.index(name) for name in names]


def _pool_each(state: State) -> Tensor:
    """Vectors (n_tasks, n, h) from the features of every task."""
    values, mask = state
    if values.ndim == 3:
        return values
    each = None if mask is None else mask.repeat(len(values), 1)
    pooled = mean_pool(State(values.flatten(0, 1), each))
    return pooled.view(*values.shape[:2], -1)


def _picked(values: Tensor, places: list[int] | None) -> Tensor:
    return values if places is None else values[places]
