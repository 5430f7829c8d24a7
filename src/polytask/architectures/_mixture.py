"""Softmax mixtures of the features of several experts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._stacked_product import stacked_product

__all__ = ["Mixture", "mixed", "mixed_with_own"]


class Mixture(Owner):
    r"""Mixtures of the features of experts, one for each task or one for all.

    .. math:: m_k(x) = \sum_e \mathrm{softmax}(W_k x)_e \, f_e(x)

    with the gate's matrix :math:`W_k` of task k and the experts' features :math:`f_e(x)`.

    Parameters
    ----------
    in_features : int
        Width of x.
    n_experts : int
    tasks : sequence of str, optional
        The task that each mixture belongs to; by default there is one mixture, for all tasks.

    Attributes
    ----------
    weight : tensor of shape (n_tasks, n_experts, in_features)
        Of shape (n_experts, in_features) where one mixture serves all tasks.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures import Mixture
    >>> mixture = Mixture(3, n_experts=4, tasks=["click", "buy"])
    >>> mixture(torch.randn(5, 3), torch.randn(4, 5, 2)).shape
    torch.Size([2, 5, 2])
    """

    def __init__(self, in_features: int, n_experts: int, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        bound = 1 / math.sqrt(max(in_features, 1))
        shape = (*((len(self.tasks),) if self.tasks else ()), n_experts, in_features)
        self.weight = nn.Parameter(torch.empty(shape))
        nn.init.uniform_(self.weight, -bound, bound)

    def gates(
        self,
        rows: Float[Tensor, "*n_tasks n in_features"],
        members: Sequence[int] | None = None,
        task: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "*_ n n_experts"]:
        """Weights of the experts for every row, which sum to 1.

        Parameters
        ----------
        rows : tensor of shape (n, in_features) or (n_tasks, n, in_features)
            The same for all tasks, or each task's own.
        members : sequence of int, optional
            Positions of the tasks that `rows` are for, where not all are.
        task : tensor of shape (n,), int, optional
            Position of each row's task, where each row has one.

        Returns
        -------
        tensor of shape (n_tasks, n, n_experts)
            Of shape (n, n_experts) where each row has one task, or one mixture serves all tasks.
        """
        if not self.tasks:
            return torch.softmax(nn.functional.linear(rows, self.weight), dim=-1)
        if task is not None:
            own = torch.einsum("ned,nd->ne", self.weight.index_select(0, task), rows)
            return torch.softmax(own, dim=-1)
        weight = self.weight if members is None else self.weight[members]
        if rows.ndim == 3:
            return torch.softmax(stacked_product(weight, rows), dim=1).transpose(1, 2)
        n_tasks, n_experts, _ = weight.shape  # experts not last, where softmax is slow on few
        logits = nn.functional.linear(rows, weight.transpose(0, 1).flatten(0, 1))
        by_expert = logits.view(len(rows), n_experts, n_tasks)
        return torch.softmax(by_expert, dim=1).permute(2, 0, 1)

    def forward(
        self,
        rows: Float[Tensor, "*n_tasks n in_features"],
        experts: Float[Tensor, "n_experts n *h"],
        members: Sequence[int] | None = None,
        task: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "..."]:
        """Mixed features of every task, (n_tasks, n, …), or (n, …) as in `gates`."""
        return mixed(self.gates(rows, members, task), experts)

    def matrices(self) -> list[Tensor]:
        """The matrix of every gate, (n_experts, in_features)."""
        return list(self.weight.detach()) if self.tasks else [self.weight.detach()]

    def owners(self) -> Sequence[Owned]:
        """Gate k belongs to the k-th task; one gate serves all tasks."""
        return owned_by(self, self.tasks, axis=0) if self.tasks else []


def mixed(gates: Tensor, experts: Tensor) -> Tensor:
    """Features of the experts, each row's summed with its weights.

    Parameters
    ----------
    gates : tensor of shape (n_tasks, n, n_experts) or (n, n_experts)
    experts : tensor of shape (n_experts, n, …)

    Returns
    -------
    tensor of shape (n_tasks, n, …) or (n, …)

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._mixture import mixed
    >>> mixed(torch.tensor([[0.25, 0.75]]), torch.tensor([[[4.0]], [[8.0]]]))
    tensor([[7.]])
    """
    shape, flat = experts.shape[2:], experts.flatten(2) if experts.ndim > 2 else experts[..., None]
    rule = "kne,enh->knh" if gates.ndim == 3 else "ne,enh->nh"
    sums = torch.einsum(rule, gates, flat)
    return sums.view(*sums.shape[:-1], *shape)


def mixed_with_own(gates: Tensor, own: Tensor, shared: Tensor) -> Tensor:
    """Features of own and shared experts, each row's summed with its weights, own ones first.

    Parameters
    ----------
    gates : tensor of shape (n_tasks, n, n_own + n_shared) or (n, n_own + n_shared)
    own : tensor of shape (n_tasks, n_own, n, …) or (n_own, n, …)
    shared : tensor of shape (n_shared, n, …)
    """
    if gates.ndim == 2:
        return mixed_with_own(gates[None], own[None], shared)[0]
    shape, n_own = shared.shape[2:], own.shape[1]
    weights, rows = gates.transpose(0, 1), shared.flatten(2) if shape else shared[..., None]
    sums = torch.bmm(weights[..., n_own:], rows.transpose(0, 1))  # in place below: not a view
    experts = [own.squeeze(1)] if n_own == 1 else own.unbind(1)  # whose gradient is not a copy
    for position, expert in enumerate(experts):
        values = (expert.flatten(2) if shape else expert[..., None]).transpose(0, 1)
        sums = sums.add_(weights[..., position, None] * values)  # vmap has no rule for addcmul_
    return sums.transpose(0, 1).view(*gates.shape[:2], *shape)
