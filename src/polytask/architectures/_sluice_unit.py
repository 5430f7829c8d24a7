"""Units between the subspaces of towers, and weights of the stages."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._fusion_unit import (
    FusionUnit,
    channels_back,
    channels_last,
    fill_start_weights,
)
from polytask.architectures._owners import Owned, Owner
from polytask.encoders import State

__all__ = ["SluiceUnit", "StageWeights"]


class SluiceUnit(FusionUnit):
    """Linear combinations of the subspaces of all towers.

    Attributes
    ----------
    alpha : tensor of shape (n_tasks, n_subspaces, n_tasks, n_subspaces)
    """

    def __init__(
        self, n_tasks: int, n_subspaces: int, own_weight: float, owners: Sequence[str]
    ) -> None:
        super().__init__(owners)
        n_parts = n_tasks * n_subspaces
        self.alpha = nn.Parameter(torch.empty(n_tasks, n_subspaces, n_tasks, n_subspaces))
        fill_start_weights(self.alpha.detach().view(n_parts, n_parts), own_weight)

    def mixing(self) -> Tensor:
        """Weights (n_tasks, n_tasks, n_subspaces, n_subspaces), those of all pairs of subspaces."""
        return self.alpha.transpose(1, 2)

    def forward(self, inputs: State, outputs: State) -> State:
        """Fused features of every task's tower."""
        del inputs
        values = channels_last(outputs.values)
        n_subspaces, width = self.alpha.shape[1], values.shape[-1]
        parts = values.reshape(*values.shape[:-1], n_subspaces, width // n_subspaces)
        fused = torch.einsum("ksjt,j...tc->k...sc", self.alpha, parts).flatten(-2)
        return State(channels_back(fused), outputs.mask)


class StageWeights(Owner):
    """Weights of the stages for every task, equal at the start.

    Attributes
    ----------
    beta : tensor of shape (n_tasks, n_stages)
    """

    def __init__(self, n_stages: int, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.beta = nn.Parameter(torch.empty(len(self.tasks), n_stages))
        nn.init.constant_(self.beta, 1 / n_stages)

    def forward(
        self, stages: Float[Tensor, "n_stages n_tasks n *h"]
    ) -> Float[Tensor, "n_tasks n *h"]:
        """Features of every task, mixed over the stages."""
        return torch.einsum("kl,lk...->k...", self.beta, stages)

    def owners(self) -> Sequence[Owned]:
        """Row k belongs to the k-th task."""
        return [Owned(self.beta, self.tasks, axis=0)]
