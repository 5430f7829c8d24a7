"""Heads of the tasks of one level, and what a level hands to the stages above."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._dependencies import blocks_of
from polytask.architectures._head_checks import check_form, check_steps, read_steps
from polytask.architectures._member_heads import block_heads
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._step_scores import step_scores
from polytask.data import Block, SourceBatch
from polytask.encoders import State, mean_pool
from polytask.tasks import TaskSet

__all__ = ["Handover", "LevelHeads", "merged"]


class LevelHeads(Owner):
    """Linear heads of some tasks, which every row passes through.

    Tasks that label the steps of a sequence have the scores of their head for every step.

    Parameters
    ----------
    blocks : sequence of Block
        Of the whole network.
    tasks : TaskSet
        Of the whole network.
    shape : tuple of int
        Shape of a row's features.
    names : collection of str
        The tasks of the level.
    above : sequence of str
        The tasks that their scores are handed to; none by default.
    n_members : int, default 1
        Members of an ensemble, as for `Heads`.
    """

    members: Tensor

    def __init__(
        self,
        blocks: Sequence[Block],
        tasks: TaskSet,
        shape: tuple[int, ...],
        names: Collection[str],
        above: Sequence[str] = (),
        n_members: int = 1,
    ) -> None:
        super().__init__()
        self.blocks, self.names, self.above = blocks_of(blocks, names), tuple(names), tuple(above)
        for block in self.blocks:
            if block.has_pixels:  # of which levels make vectors
                check_form(block)
        self.heads = nn.ModuleList(
            block_heads(block, tasks, shape, n_members) for block in self.blocks
        )
        self.n_scores = sum(len(block.tasks) * block.head_size for block in self.blocks)
        members = torch.tensor([name in names for name in tasks.names])
        self.register_buffer("members", members, persistent=False)

    def forward(self, state: State) -> dict[str, Tensor]:
        """Scores by block, (n, n_tasks, size), or (n, l, n_tasks, size) of steps."""
        each = zip(self.blocks, cast("Iterable[BlockHeads]", self.heads), strict=True)
        pooled = mean_pool(state)
        return {
            block.name: heads.of_all(state.values if block.has_steps else pooled)
            for block, heads in each
        }

    def handed(self, scores: Mapping[str, Tensor], mask: Tensor | None) -> list[State]:
        """What the stages above receive: scores (n, size) of rows, or (n, l, size) of steps."""
        return [
            State(scores[block.name].flatten(-2), mask if block.has_steps else None)
            for block in self.blocks
        ]

    def of_source(
        self, scores: Tensor, source: str, block: str, state: State, rows: SourceBatch
    ) -> Tensor:
        """Those of a block that a source answers with; meaningless in rows of a task of another level."""
        position = [known.name for known in self.blocks].index(block)
        known, heads = self.blocks[position], cast("BlockHeads", self.heads[position])
        if known.has_steps:
            check_steps(source, state, rows, known)
            mask, most = read_steps(state.mask, rows), known.score_shape[0]
            links = heads.transitions
            scores = step_scores(scores.flatten(0, 1), mask, scores.shape[1], most, links)
        if rows.task is not None:
            own = heads.in_block(rows.task)
            return scores[torch.arange(len(own), device=own.device), own]
        carried = known.tasks_in(source)
        return scores if carried == known.tasks else scores[:, known.positions(carried)]

    def owners(self) -> Sequence[Owned]:
        """Head k serves the k-th task, and those above if its scores are handed on, before links."""
        above = (self.above,) if self.above else ()
        return [
            Owned(
                parameter,
                block.tasks,
                0,
                () if parameter is heads.transitions else above * len(block.tasks),
            )
            for block, heads in zip(
                self.blocks, cast("Iterable[BlockHeads]", self.heads), strict=True
            )
            for parameter in heads.parameters()
        ]


class Handover(Owner):
    """Adds linear embeddings of lower levels' scores, and of the entry, to a stage's input.

    Parameters
    ----------
    n_scores : int
        Scores of all lower levels; 0 for none.
    n_entry : int
        Width of the pooled entry; 0 for none.
    width : int
        Width of the stage's input, channels of a map.
    tasks : sequence of str
        The tasks above.
    """

    def __init__(self, n_scores: int, n_entry: int, width: int, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.labels = nn.Linear(n_scores, width, bias=False) if n_scores else None
        self.shortcut = nn.Linear(n_entry, width, bias=False) if n_entry else None

    def forward(self, state: State, scores: Sequence[State], entry: Tensor) -> State:
        """The state with embeddings added; those of whole rows to all steps or places.

        Parameters
        ----------
        state : State
        scores : sequence of State
            Of whole rows, (n, size), or of their steps, (n, l, size), of which the means count where
            the state has no such steps.
        entry : tensor of shape (n, n_entry)
        """
        values, mask = state
        added = values.new_zeros(len(values), 1)
        if self.shortcut is not None:
            added = added + self.shortcut(entry)
        if self.labels is not None and any(_has_steps_of(values, part) for part in scores):
            steps = [_at_steps(part, values) for part in scores]
            values = values + self.labels(torch.cat(steps, dim=-1))
        elif self.labels is not None:
            added = added + self.labels(torch.cat([mean_pool(part) for part in scores], dim=1))
        if values.ndim == 3:
            return State(values + added.unsqueeze(1), mask)
        return State(values + added.view(*added.shape, *[1] * (values.ndim - 2)), mask)

    def owners(self) -> Sequence[Owned]:
        """Embeddings serve the tasks above."""
        return owned_by(self, self.tasks)


def _has_steps_of(values: Tensor, scores: State) -> bool:
    """Whether scores are those of the steps of a sequence."""
    return (
        values.ndim == 3 and scores.values.ndim == 3 and scores.values.shape[1] == values.shape[1]
    )


def _at_steps(scores: State, values: Tensor) -> Tensor:
    """Scores (n, l, size) of steps; those of a row stand at each."""
    if _has_steps_of(values, scores):
        return scores.values
    return mean_pool(scores).unsqueeze(1).expand(-1, values.shape[1], -1)


def merged(
    names: Sequence[str], parts: Sequence[tuple[LevelHeads, Tensor]], task: Tensor | None
) -> Tensor:
    """Scores of the tasks of a block that stand at several levels.

    Parameters
    ----------
    names : sequence of str
        The block's tasks in the source.
    parts : sequence of (LevelHeads, tensor)
        Scores of each level, (n, n_tasks, size), or (n, size) where each row has one task.
    task : tensor of shape (n,), int, or None
        Position of each row's task.
    """
    (_, scores), *others = parts
    if task is not None:
        for level, own in others:
            scores = torch.where(level.members[task].unsqueeze(1), own, scores)
        return scores
    if not others:
        return scores
    joined = [name for level, _ in parts for name in names if name in level.names]
    return torch.cat([own for _, own in parts], dim=1)[:, [joined.index(name) for name in names]]
