"""Softmax mixtures of the features of several experts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._owners import Owned, Owner, owned_by

__all__ = ["Mixture"]


class Mixture(Owner):
    r"""Mixtures of the features of experts, one for each task.

    .. math:: m_k(x) = \sum_e \mathrm{softmax}(W_k x)_e \, f_e(x)

    with the gate's matrix :math:`W_k` of task k and the experts' features :math:`f_e(x)`.

    Parameters
    ----------
    in_features : int
        Width of x.
    n_experts : int
    tasks : sequence of str
        The task that each mixture belongs to.

    Attributes
    ----------
    weight : tensor of shape (n_tasks, n_experts, in_features)

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures import Mixture
    >>> mixture = Mixture(3, n_experts=4, tasks=["click", "buy"])
    >>> mixture(torch.randn(5, 3), torch.randn(4, 5, 2)).shape
    torch.Size([2, 5, 2])
    """

    def __init__(self, in_features: int, n_experts: int, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        bound = 1 / math.sqrt(max(in_features, 1))
        shape = (len(self.tasks), n_experts, in_features)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

    def gates(self, rows: Float[Tensor, "n in_features"]) -> Float[Tensor, "n_tasks n n_experts"]:
        """Weights of the experts for every task and row; they sum to 1."""
        return torch.softmax(torch.einsum("ked,nd->kne", self.weight, rows), dim=-1)

    def forward(
        self, rows: Float[Tensor, "n in_features"], experts: Float[Tensor, "n_experts n h"]
    ) -> Float[Tensor, "n_tasks n h"]:
        """Mixed features of every task."""
        return torch.einsum("kne,enh->knh", self.gates(rows), experts)

    def matrices(self) -> list[Tensor]:
        """The matrix of every gate, (n_experts, in_features)."""
        return list(self.weight.detach())

    def owners(self) -> Sequence[Owned]:
        """Gate k belongs to the k-th task."""
        return owned_by(self, self.tasks, axis=0)
