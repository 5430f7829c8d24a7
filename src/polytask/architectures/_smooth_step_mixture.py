"""Mixtures of few experts, which gates choose by binary codes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from polytask.architectures._mixture import mixed
from polytask.architectures._owners import Owned, Owner, owned_by

__all__ = ["SmoothStepMixture", "smooth_step"]


class SmoothStepMixture(Owner):
    r"""Mixtures of experts for each task, which k selectors choose, each by the bits of its code.

    .. math:: g(x) = \sum_{i=1}^{k} \mathrm{softmax}(A x)_i \; r(Z_i x), \qquad
              r(z)_e = \prod_{j} S(z_j)^{e_j} (1 - S(z_j))^{1 - e_j}

    with the bits :math:`e_j` of an expert's number and the smooth step S.

    Parameters
    ----------
    in_features : int
        Width of x.
    n_bits : int
        There are 2 ** n_bits experts.
    n_selected : int
        Selectors k of each task.
    tasks : sequence of str
        The task that each mixture belongs to.
    gamma : float
        Width of the smooth step.
    """

    def __init__(
        self, in_features: int, n_bits: int, n_selected: int, tasks: Sequence[str], gamma: float
    ) -> None:
        super().__init__()
        self.tasks, self.gamma = tuple(tasks), gamma
        codes, shares = (len(self.tasks), n_selected, n_bits), (len(self.tasks), n_selected)
        start = gamma / 100
        self.codes = nn.Parameter(torch.empty(*codes, in_features))
        self.shares = nn.Parameter(torch.empty(*shares, in_features))
        nn.init.uniform_(self.codes, -start, start)
        nn.init.uniform_(self.shares, -0.05, 0.05)

    def selections(
        self,
        rows: Float[Tensor, "n in_features"],
        members: Sequence[int] | None = None,
        task: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n *n_tasks n_selected n_experts"]:
        """The weights that each selector gives to the experts, which sum to 1.

        Parameters
        ----------
        rows : tensor of shape (n, in_features)
        members : sequence of int, optional
            Positions of the tasks that `rows` are for, where not all are.
        task : tensor of shape (n,), int, optional
            Position of each row's task, where each row has one.
        """
        bits = smooth_step(_products(self.codes, rows, members, task), self.gamma)
        chosen = bits.new_ones(*bits.shape[:-1], 1)
        for bit in bits.unbind(dim=-1):
            either = torch.stack([1 - bit, bit], dim=-1)
            chosen = (chosen[..., None] * either[..., None, :]).flatten(-2)
        return chosen

    def gates(
        self,
        rows: Float[Tensor, "n in_features"],
        members: Sequence[int] | None = None,
        task: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "*n_tasks n n_experts"]:
        """Weights of the experts for every row, (n_tasks, n, n_experts) or (n, n_experts).

        Parameters as in `selections`.
        """
        shares = torch.softmax(_products(self.shares, rows, members, task), dim=-1)
        gates = (shares[..., None] * self.selections(rows, members, task)).sum(dim=-2)
        return gates if task is not None else gates.transpose(0, 1)

    def entropy(
        self,
        rows: Float[Tensor, "n in_features"],
        members: Sequence[int] | None = None,
        task: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, ""]:
        """Entropy of the selectors' choices, summed over tasks and selectors, averaged over rows."""
        chosen = self.selections(rows, members, task).clamp(min=1e-12)
        return -(chosen * chosen.log()).sum() / max(len(rows), 1)

    def forward(
        self,
        rows: Float[Tensor, "n in_features"],
        experts: Float[Tensor, "n_experts n *h"],
        members: Sequence[int] | None = None,
        task: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "..."]:
        """Mixed features of every task, (n_tasks, n, …), or (n, …) where each row has one task."""
        return mixed(self.gates(rows, members, task), experts)

    def owners(self) -> Sequence[Owned]:
        """Gate k belongs to the k-th task."""
        return owned_by(self, self.tasks, axis=0)


def smooth_step(values: Tensor, gamma: float) -> Tensor:
    r"""Rise from 0 at −γ/2 to 1 at γ/2 by a cubic polynomial.

    .. math:: S(t) = -\frac{2}{\gamma^3} t^3 + \frac{3}{2 \gamma} t + \frac12

    Parameters
    ----------
    values : tensor
    gamma : float

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._smooth_step_mixture import smooth_step
    >>> smooth_step(torch.tensor([-1.0, 0.0, 0.5]), gamma=1.0)
    tensor([0.0000, 0.5000, 1.0000])
    """
    t = values.clamp(-gamma / 2, gamma / 2)
    return (-2 / gamma**3) * t**3 + (3 / (2 * gamma)) * t + 0.5


def _products(
    weight: Tensor, rows: Tensor, members: Sequence[int] | None, task: Tensor | None
) -> Tensor:
    """Products of rows and stacked weights (n_tasks, …, d): (n, n_tasks, …), or (n, …) by task."""
    if task is not None:
        return torch.einsum("n...d,nd->n...", weight.index_select(0, task), rows)
    weight = weight if members is None else weight[members]
    return nn.functional.linear(rows, weight.flatten(0, -2)).view(len(rows), *weight.shape[:-1])
