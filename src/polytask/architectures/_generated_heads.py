"""Linear heads generated from codes of the tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy

import torch
from torch import Tensor, nn

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._heads import Heads
from polytask.architectures._owners import Owned, Owner, tensors_of
from polytask.data import Block
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["GeneratedHeads"]


class GeneratedHeads(Heads):
    """`Heads` whose weights are linear functions of codes of the tasks.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
    shape : tuple of int
        Of a row's features.
    hidden : int
        Width of the codes.
    """

    def __init__(
        self, blocks: Sequence[Block], tasks: TaskSet, shape: tuple[int, ...], hidden: int
    ) -> None:
        super().__init__(blocks, tasks, shape)
        for position, block in enumerate(blocks):
            self[position] = GeneratedBlockHeads(block, tasks, pooled_width(shape), hidden)

    def generated(self, codes: Tensor) -> Heads:
        """Heads of codes (n_tasks, hidden) of the task set; these themselves hold none."""
        heads = copy(self)
        made = {name: of_block.generated(codes) for name, of_block in self.named_children()}  # type: ignore[operator]
        heads.__dict__["_modules"] = made
        return heads

    def owners(self) -> Sequence[Owned]:
        """The blocks' heads state their owners themselves."""
        return []


class GeneratedBlockHeads(BlockHeads, Owner):
    """Heads of a block's tasks, generated from their codes.

    Parameters
    ----------
    block : Block
    tasks : TaskSet
    in_features : int
    hidden : int

    Attributes
    ----------
    matrix : tensor of shape (size * (in_features + 1), hidden)
    common : tensor of shape (size, in_features + 1)
        What the heads of all tasks have in common, biases last.
    """

    def __init__(self, block: Block, tasks: TaskSet, in_features: int, hidden: int) -> None:
        super().__init__(block, tasks, in_features)
        self.names = block.tasks
        self.in_set = [tasks.index(name) for name in block.tasks]
        del self.weight, self.bias
        bound, shape = 1 / math.sqrt(max(in_features, 1)), (block.head_size, in_features + 1)
        self.common = nn.Parameter(torch.empty(shape))
        nn.init.uniform_(self.common, -bound, bound)
        bound /= math.sqrt(hidden)
        self.matrix = nn.Parameter(torch.empty(block.head_size * (in_features + 1), hidden))
        nn.init.uniform_(self.matrix, -bound, bound)

    def generated(self, codes: Tensor) -> GeneratedBlockHeads:
        """A shallow copy with `weight` and `bias` of codes (n_tasks, hidden) of the task set."""
        own = codes if self.holds_all else codes[self.in_set]
        generated = nn.functional.linear(own, self.matrix).view(len(own), *self.common.shape)
        generated = generated + self.common
        heads = copy(self)
        heads.weight, heads.bias = generated[..., :-1], generated[..., -1]  # type: ignore[assignment]
        return heads

    def matrices(self) -> list[Tensor]:
        """None: the spread of generated heads follows from how `matrix` was drawn."""
        return []

    def owners(self) -> Sequence[Owned]:
        """The matrix and the common head serve the block's tasks; transitions are each task's own."""
        return [
            Owned(tensor, self.names, axis=0 if tensor is self.transitions else None)
            for tensor in tensors_of(self)
        ]
