"""Linear heads of all tasks of a block as one stacked parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from polytask.data import Block

__all__ = ["BlockHeads", "make_heads"]


class BlockHeads(nn.Module):
    r"""Linear heads :math:`s_k = V_k h + b_k` of a block's tasks, stacked.

    Parameters
    ----------
    block : Block
    in_features : int
        Width of the features h.

    Attributes
    ----------
    weight : tensor of shape (n_tasks, size, in_features)
    bias : tensor of shape (n_tasks, size)
    """

    def __init__(self, block: Block, in_features: int) -> None:
        super().__init__()
        shape = (len(block.tasks), block.size)
        bound = 1 / math.sqrt(max(in_features, 1))
        self.weight = nn.Parameter(torch.empty(*shape, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

    def forward(self, features: Tensor, task: Tensor | None = None) -> Tensor:
        """Scores of n rows: (n, n_tasks, size), or (n, size) with each row's own head."""
        if task is None:
            scores = nn.functional.linear(features, self.weight.flatten(0, 1), self.bias.flatten())
            return scores.view(*scores.shape[:-1], *self.bias.shape)
        weight = self.weight.index_select(0, task)
        own = torch.einsum("nsh,nh->ns", weight, features)
        return own + self.bias.index_select(0, task)

    def matrices(self) -> list[Tensor]:
        """The weight matrix of every task, (size, in_features)."""
        return list(self.weight.detach())

    def replicated(self, features: Tensor, tasks: list[int] | None = None) -> Tensor:
        """Scores (n, n_tasks, size) from features of each task's own rows, (n_tasks, n, h)."""
        weight = self.weight if tasks is None else self.weight[tasks]
        bias = self.bias if tasks is None else self.bias[tasks]
        return torch.baddbmm(bias[:, None, :], features, weight.transpose(1, 2)).transpose(0, 1)


def make_heads(blocks: Sequence[Block], in_features: int) -> nn.ModuleList:
    """Heads of every block, in order."""
    return nn.ModuleList(BlockHeads(block, in_features) for block in blocks)
