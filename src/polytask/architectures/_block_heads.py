"""Linear heads of one block's tasks as one stacked parameter."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from polytask.architectures._stacked_product import stacked_product
from polytask.data import Block
from polytask.tasks import TaskSet

__all__ = ["BlockHeads"]


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
    transitions : tensor of shape (n_tasks, size, size), or None
        Scores of the classes of a step after those of the step before, where the kind links steps;
        0 at first.
    """

    position: Tensor
    transitions: nn.Parameter | None

    def __init__(self, block: Block, tasks: TaskSet, in_features: int) -> None:
        super().__init__()
        self.draw((len(block.tasks), block.head_size), in_features)
        chain = (len(block.tasks), block.head_size, block.head_size)
        self.transitions = nn.Parameter(torch.zeros(chain)) if block.kind.links_steps else None
        self.holds_all = block.tasks == tasks.names
        self.register_buffer(
            "position", torch.tensor(block.positions(tasks.names)), persistent=False
        )

    def draw(self, shape: tuple[int, ...], in_features: int) -> None:
        """Draw weights (*shape, in_features) and biases as `torch.nn.Linear` does."""
        bound = 1 / math.sqrt(max(in_features, 1))
        self.weight = nn.Parameter(torch.empty(*shape, in_features))
        self.bias = nn.Parameter(torch.empty(shape))
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def of_all(self, features: Tensor, tasks: list[int] | None = None) -> Tensor:
        """Scores (n, n_tasks, size) of the same rows, (n, h), for all tasks or some."""
        weight, bias = self.of_tasks(tasks)
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
        weight, bias = self.of_tasks(tasks)
        return torch.baddbmm(bias[:, None, :], features, weight.transpose(1, 2)).transpose(0, 1)

    def of_mixed(
        self, gates: Tensor, own: Tensor | None, shared: Tensor, tasks: list[int] | None = None
    ) -> Tensor:
        """Scores (n, n_tasks, size) of features that gates mix: the mixture of experts' scores."""
        weight, bias = self.of_tasks(tasks)
        of_shared = nn.functional.linear(shared, weight.flatten(0, 1))
        of_shared = of_shared.view(*shared.shape[:2], *bias.shape)
        by_expert = gates.permute(2, 1, 0)[..., None]
        if own is None:
            return (of_shared * by_expert).sum(dim=0) + bias
        n_own = own.shape[1]
        of_own = stacked_product(own.flatten(1, 2), weight).view(*own.shape[:3], weight.shape[1])
        mixed_own = (of_own.permute(1, 2, 0, 3) * by_expert[:n_own]).sum(dim=0)
        return (of_shared * by_expert[n_own:]).sum(dim=0) + mixed_own + bias

    def transitions_of(self, tasks: list[int] | Tensor | None) -> Tensor | None:
        """Transitions (n_tasks, size, size) of all tasks or some, or those of each row's task."""
        if self.transitions is None or tasks is None:
            return self.transitions
        return self.transitions[tasks]

    def place(self, position: int, layers: Iterable[nn.Module]) -> None:
        """Take the weights of linear layers, one for each member, as the head of a task."""
        own = [layer.state_dict() for layer in layers]
        for name, stacked in (("weight", self.weight), ("bias", self.bias)):
            stacked[position] = torch.stack([state[name] for state in own]).view_as(
                stacked[position]
            )

    def matrices(self) -> list[Tensor]:
        """The weight matrix of every task, (size, in_features)."""
        return list(self.weight.detach())

    def of_tasks(self, tasks: list[int] | None) -> tuple[Tensor, Tensor]:
        """Weights and biases of some tasks of the block, or of all."""
        if tasks is None:
            return self.weight, self.bias
        return self.weight[tasks], self.bias[tasks]
