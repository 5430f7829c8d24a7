"""One linear head per block, the same for all its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from polytask.architectures._head_checks import check_form, check_steps, read_steps
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._step_scores import step_scores
from polytask.data import Batch, Block, tasks_in_source
from polytask.encoders import State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["PooledHeads"]


class PooledHeads(Owner, nn.ModuleList):
    """A linear head per block for features that depend on the task; others are mean-pooled first.

    Tasks that label the steps of a sequence have the scores of their head for every step.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
    shape : tuple of int
        Shape of a row's features: (h,), (l, h) or (c, height, width).
    """

    def __init__(self, blocks: Sequence[Block], tasks: TaskSet, shape: tuple[int, ...]) -> None:
        super().__init__(_BlockHead(pooled_width(shape), block) for block in blocks)
        self.blocks = tuple(blocks)
        for block in blocks:
            check_form(block, () if block.has_pixels else shape)
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
                if not self._places[source, block.name]:
                    continue
                if block.has_steps:
                    raw[source, block.name] = self._of_steps(source, block, head, state, batch)
                else:
                    raw[source, block.name] = self._scores(source, block, head, vectors)
        return raw

    def _of_steps(
        self, source: str, block: Block, head: nn.Module, state: State, batch: Batch
    ) -> Tensor:
        """Scores of every step, flat, (n, n_tasks, size), or (n, size) of rows of one task."""
        rows, places = batch[source], self._places[source, block.name]
        check_steps(source, state, rows, block)
        values = state.values if rows.task is not None else state.values[places]
        n_steps, scores = values.shape[-2], head(values).flatten(-3, -2)
        if rows.task is None:
            scores = scores.transpose(0, 1)
        links: Tensor | None = cast("_BlockHead", head).transitions
        if links is not None:
            n_own = len(places) if rows.task is None else len(values)
            links = links.expand(n_own, *links.shape)
        mask = read_steps(state.mask, rows)
        return step_scores(scores, mask, n_steps, block.score_shape[0], links)

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


class _BlockHead(nn.Linear):
    """The head of all tasks of a block, and how its steps are linked, where they are."""

    transitions: nn.Parameter | None

    def __init__(self, in_features: int, block: Block) -> None:
        super().__init__(in_features, block.head_size)
        links = torch.zeros(block.head_size, block.head_size) if block.kind.links_steps else None
        self.transitions = None if links is None else nn.Parameter(links)
