"""One linear head per block, the same for all its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from polytask.architectures._head_checks import check_form
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._pooled_copies import pooled_copies
from polytask.data import Batch, Block, tasks_in_source
from polytask.encoders import State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["PooledHeads"]


class PooledHeads(Owner, nn.ModuleList):
    """A linear head per block for features that depend on the task; others are mean-pooled first.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
    shape : tuple of int
        Shape of a row's features: (h,), (l, h) or (c, height, width).
    """

    def __init__(self, blocks: Sequence[Block], tasks: TaskSet, shape: tuple[int, ...]) -> None:
        super().__init__(nn.Linear(pooled_width(shape), block.size) for block in blocks)
        self.blocks = tuple(blocks)
        for block in blocks:
            check_form(block)
        self._places: dict[tuple[str, str], list[int]] = {}
        for source in dict.fromkeys(source for block in blocks for source in block.sources):
            of_source = tasks_in_source(source, blocks, tasks.names)
            for block in blocks:
                places = [of_source.index(name) for name in block.tasks_in(source)]
                self._places[source, block.name] = places

    def forward(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from features (n_tasks of the source, n, …), or (n, …) of rows of one task."""
        raw: Raw = {}
        for source, state in features.items():
            own_rows = batch[source].task is not None
            vectors = mean_pool(state) if own_rows else pooled_copies(state)
            for block, head in zip(self.blocks, self, strict=True):
                if self._places[source, block.name]:
                    raw[source, block.name] = self._scores(source, block, head, vectors)
        return raw

    def _scores(self, source: str, block: Block, head: nn.Module, vectors: Tensor) -> Tensor:
        if vectors.ndim == 2:
            scores: Tensor = head(vectors)
            return scores
        places = self._places[source, block.name]
        every = places == list(range(len(vectors)))
        return head(vectors if every else vectors[places]).transpose(0, 1)

    def owners(self) -> Sequence[Owned]:
        """Each head serves the tasks of its block."""
        return [
            owned
            for block, head in zip(self.blocks, self, strict=True)
            for owned in owned_by(head, block.tasks)
        ]
