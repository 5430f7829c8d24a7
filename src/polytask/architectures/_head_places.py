"""Positions of the tasks of a block among those of a source, and products of their heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._size_groups import gathered
from polytask.data import Block

__all__ = [
    "Places",
    "each_scores",
    "lone_scores",
    "own_places",
    "parts_of",
    "places_of",
    "scores_of",
]


class Places(NamedTuple):
    """Positions of the tasks of a block that a source carries.

    Attributes
    ----------
    in_block, in_source : list of int
        Positions among the block's tasks, and among the source's.
    whole_block, whole_source : bool
        Whether they are all of them.
    """

    in_block: list[int]
    in_source: list[int]
    whole_block: bool
    whole_source: bool

    @property
    def carried(self) -> list[int] | None:
        """Positions among the block's tasks; None if they are all of them."""
        return None if self.whole_block else self.in_block

    def picked(self, vectors: Tensor) -> Tensor:
        """The features of these tasks, of (n_tasks, n, h) of all the source's."""
        return vectors if self.whole_source else vectors[self.in_source]


def places_of(block: Block, source: str, of_source: Sequence[str]) -> Places:
    """Those of the block's tasks in a source, whose tasks are `of_source`."""
    carried = block.tasks_in(source)
    return Places(
        [block.tasks.index(name) for name in carried],
        [of_source.index(name) for name in carried],
        carried == block.tasks,
        carried == tuple(of_source),
    )


def parts_of(vectors: Tensor, places: Sequence[list[int]]) -> Sequence[Tensor]:
    """Slices along the first axis, all of them in groups; their gradients become one tensor."""
    if [place for own in places for place in own] == list(range(len(vectors))):
        return torch.split(vectors, [len(own) for own in places])
    return gathered(vectors, [torch.tensor(own, device=vectors.device) for own in places])


def lone_scores(
    heads: BlockHeads, places: Mapping[str, Places], vectors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Scores (n, 1, size) of sources that carry one task of the block each."""
    if len(vectors) < 2:
        return {}
    sizes = [len(rows) for rows in vectors.values()]
    rows = torch.cat(list(vectors.values()))
    lone = torch.tensor([places[source].in_block[0] for source in vectors], device=rows.device)
    counts = torch.tensor(sizes, device=rows.device)
    task = lone.repeat_interleave(counts, output_size=len(rows))
    scores = torch.split(heads.of_own(rows, task).unsqueeze(1), sizes)
    return dict(zip(vectors, scores, strict=True))


def each_scores(
    heads: BlockHeads, places: Mapping[str, Places], vectors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Scores (n, n_tasks, size) of sources whose tasks have as many rows each."""
    if len(vectors) < 2:
        return {}
    carried = [places[source].in_block for source in vectors]
    order = [position for positions in carried for position in positions]
    own = torch.cat(list(vectors.values()))
    in_order = order == list(range(len(heads.weight)))
    scores = heads.of_each(own, None if in_order else order)
    parts = torch.split(scores, [len(positions) for positions in carried], dim=1)
    return dict(zip(vectors, parts, strict=True))


def own_places(values: Tensor, task: Tensor, of_task: Tensor) -> Tensor:
    """What each row's task has, (n, …), of what all tasks of a source have, (n_tasks, n, …).

    Parameters
    ----------
    values : tensor of shape (n_tasks, n, …)
    task : tensor of shape (n,), int64
        Position in the task set of each row's task.
    of_task : tensor of shape (n_tasks of the set,), int64
        Positions of the tasks of the set among the source's.
    """
    return values[of_task[task], torch.arange(len(task), device=task.device)]


def scores_of(
    heads: BlockHeads,
    places: Places,
    vectors: Tensor,
    task: Tensor | None,
    of_task: Tensor,
    *,
    per_task: bool,
) -> Tensor:
    """Scores of one source from (n, h), or those of every task of the block, (n_tasks, n, h)."""
    if task is not None:
        if vectors.ndim == 3:
            vectors = own_places(vectors, task, of_task)
        return heads.of_own(vectors, heads.in_block(task))
    if not per_task:
        return heads.of_all(vectors, places.carried)
    return heads.of_each(vectors, places.carried)
