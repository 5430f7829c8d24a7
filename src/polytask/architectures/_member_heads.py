"""Linear heads of one block's tasks for every member of an ensemble."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._head_checks import check_form
from polytask.data import Block
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["MemberBlockHeads", "block_heads"]


def block_heads(block: Block, tasks: TaskSet, shape: tuple[int, ...], members: int) -> BlockHeads:
    """Heads of a block's tasks, one for each member of an ensemble where there are several.

    Raises
    ------
    ParameterError
        If tasks label steps, and rows of features of this shape have none.
    """
    check_form(block, shape, members)
    if members == 1:
        return BlockHeads(block, tasks, pooled_width(shape))
    return MemberBlockHeads(block, tasks, pooled_width(shape), members)


class MemberBlockHeads(BlockHeads):
    r"""Linear heads :math:`s_{mk} = V_{km} h_m + b_{km}` of a block's tasks k and members m.

    Rows are those of every member, the members of a row one after another.

    Parameters
    ----------
    block : Block
    tasks : TaskSet
        Of the whole network.
    in_features : int
        Width of the features h.
    members : int

    Attributes
    ----------
    weight : tensor of shape (n_tasks, members, size, in_features)
    bias : tensor of shape (n_tasks, members, size)
    """

    def __init__(self, block: Block, tasks: TaskSet, in_features: int, members: int) -> None:
        super().__init__(block, tasks, in_features)
        self.members = members
        self.draw((len(block.tasks), members, block.size), in_features)

    def of_all(self, features: Tensor, tasks: list[int] | None = None) -> Tensor:
        """Scores (n, n_tasks, size) of the same rows, (n, h), for all tasks or some."""
        weight, bias = self.of_tasks(tasks)
        n_tasks, _, size = bias.shape
        by_member = self._by_member(features).transpose(0, 1)
        of_member = weight.permute(1, 3, 0, 2).flatten(2)
        added = bias.transpose(0, 1).reshape(self.members, 1, n_tasks * size)
        scores = torch.baddbmm(added, by_member, of_member).transpose(0, 1)
        return scores.reshape(len(features), n_tasks, size)

    def of_own(self, features: Tensor, task: Tensor) -> Tensor:
        """Scores (n, size) of rows (n, h), each by the head at its position in the block."""
        of_row = task[:: self.members]
        weight = self.weight.index_select(0, of_row)
        own = torch.einsum("nmsh,nmh->nms", weight, self._by_member(features))
        return (own + self.bias.index_select(0, of_row)).flatten(0, 1)

    def of_each(self, features: Tensor, tasks: list[int] | None = None) -> Tensor:
        """Scores (n, n_tasks, size) from features of each task's own, (n_tasks, n, h)."""
        weight, bias = self.of_tasks(tasks)
        n_tasks, _, size = bias.shape
        by_member = self._by_member(features).transpose(1, 2).flatten(0, 1)
        of_member = weight.flatten(0, 1).transpose(1, 2)
        scores = torch.baddbmm(bias.flatten(0, 1).unsqueeze(1), by_member, of_member)
        scores = scores.view(n_tasks, self.members, -1, size).permute(2, 1, 0, 3)
        return scores.reshape(features.shape[1], n_tasks, size)

    def matrices(self) -> list[Tensor]:
        """The weight matrix of every task and member, (size, in_features)."""
        return list(self.weight.detach().flatten(0, 1))

    def _by_member(self, features: Tensor) -> Tensor:
        """Rows (…, n, h) by member, (…, n / members, members, h)."""
        return features.reshape(*features.shape[:-2], -1, self.members, features.shape[-1])
