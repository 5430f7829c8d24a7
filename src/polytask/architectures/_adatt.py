"""Experts per task, fused by each task's gate beside the task's own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask._validation import Constraint
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._fused_towers import FusedTowersNetwork
from polytask.architectures._fusion_unit import FusionUnit
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._pooled_copies import pooled_copies
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._sizes import COUNT
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["AdaTT"]


@dataclass(frozen=True)
class AdaTT(EncoderArchitecture):
    r"""Experts of every task; a task's gate fuses all of them beside the task's native ones.

    .. math:: h_k^l = \sum_{j,e} g_k^l(h_k^{l-1})_{je}\, f_{je}^l(h_j^{l-1})
              + \sum_e v_{ke}^l\, f_{ke}^l(h_k^{l-1})

    with the experts :math:`f_{je}^l` of task j, copies of stage l of the encoder, gates
    :math:`g_k^l(h) = \mathrm{softmax}(G_k^l h + b_k^l)`, and the residual of native experts,
    whose weights :math:`v_{ke}` are learned; with one expert per task :math:`v_k = 1`.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Every expert is a copy of one of its stages.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_specific : int, default 1
        Native experts of each task and stage.

    Notes
    -----
    This is AdaTT-sp, the paper's form without shared experts. Gates of maps and sequences read
    the mean over their places, and weigh all places of a row alike.

    Deviation: embeddings of categories and the layers in which sources meet serve all tasks, as
    in the paper, but there is no tower above the last fusion other than the linear head; give the
    encoder another stage.

    References
    ----------
    Li et al., "AdaTT: Adaptive task-to-task fusion network for multitask learning in
    recommendations", KDD 2023.

    Examples
    --------
    >>> from polytask.architectures import AdaTT
    >>> from polytask.encoders import MLP
    >>> AdaTT(MLP((64, 64)), n_specific=2).n_specific
    2
    """

    n_specific: int = 1

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "n_specific": Range(1, 4, default=1, integer=True),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "n_specific": COUNT,
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the experts and the gates."""
        n_experts = self.n_specific

        def unit(in_channels: int, _: int, owners: Sequence[str]) -> FusionUnit:
            return AdaTTUnit(in_channels, len(tasks), n_experts, owners)

        return AdaTTNetwork("AdaTT", encoder, schemas, tasks, unit, n_experts=n_experts)


class AdaTTNetwork(FusedTowersNetwork):
    """The module of `AdaTT`."""

    def gate_weights(self, batch: Batch) -> Mapping[str, Tensor]:
        """Weights that the gates of the last stage give to all tasks' experts."""
        n_stages = len(self.towers)
        if not n_stages:
            return {}
        states: Mapping[str, State] = self.inputs(batch)
        for stage in range(1, n_stages):
            states = self.advance(stage, states)
        unit, entered = self.units[str(n_stages)], self.for_tasks(states, n_stages)
        gates = {n: State(unit.gates(pooled_copies(s))) for n, s in entered.items()}  # type: ignore[operator]
        return {n: s.values for n, s in self.of_own_tasks(gates, batch).items()}


class AdaTTUnit(FusionUnit):
    """Gates over the experts of all tasks, and weights of each task's native ones.

    Attributes
    ----------
    weight : tensor of shape (n_tasks, n_tasks * n_experts, in_channels)
    bias : tensor of shape (n_tasks, n_tasks * n_experts)
        Of the gates.
    native : tensor of shape (n_tasks, n_experts)
        Weights of a task's own experts; ones that are not learned where there is one expert.
    """

    def __init__(
        self, in_channels: int, n_tasks: int, n_experts: int, owners: Sequence[str]
    ) -> None:
        super().__init__(owners)
        bound = 1 / math.sqrt(max(in_channels, 1))
        shape = (n_tasks, n_tasks * n_experts)
        self.weight = nn.Parameter(torch.empty(*shape, in_channels))
        self.bias = nn.Parameter(torch.empty(shape))
        self.native = nn.Parameter(torch.empty(n_tasks, n_experts), requires_grad=n_experts > 1)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)
        if n_experts > 1:
            bound = 1 / math.sqrt(n_experts)
            nn.init.uniform_(self.native, -bound, bound)
        else:
            nn.init.ones_(self.native)

    def gates(
        self, inputs: Float[Tensor, "n_tasks n in_channels"]
    ) -> Float[Tensor, "n_tasks n n_all"]:
        """Weights of all experts for every task and row; they sum to 1."""
        logits = torch.baddbmm(self.bias.unsqueeze(1), inputs, self.weight.mT)
        return torch.softmax(logits, dim=-1)

    def forward(self, inputs: State, outputs: State) -> State:
        """Fused features of every task's tower."""
        native = torch.diag_embed(self.native.T).permute(1, 2, 0).flatten(1)
        weights = self.gates(pooled_copies(inputs)) + native.unsqueeze(1)
        return State(torch.einsum("kne,en...->kn...", weights, outputs.values), outputs.mask)

    def matrices(self) -> list[Tensor]:
        """The matrix of every gate, (n_tasks * n_experts, in_channels)."""
        return list(self.weight.detach())
