"""Multi-gate mixture of experts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._expert_settings import GATED_CONSTRAINTS, GATED_RANGES
from polytask.architectures._gated_experts import GatedExpertsNetwork
from polytask.architectures._mixture import Mixture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["MMoE"]


@dataclass(frozen=True)
class MMoE(EncoderArchitecture):
    r"""Experts that all tasks share, and a gate per task that mixes them row by row.

    .. math:: s_k = V_k t_k\Big(\sum_e \mathrm{softmax}(W_k x)_e \, f_e(x)\Big) + b_k

    with experts :math:`f_e`, the gate :math:`W_k` of task k, its tower :math:`t_k` (the identity
    by default) and head :math:`(V_k, b_k)`.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are those of one expert; its entry, x, is common to all experts and gates.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_experts : int, default 8
    tower_widths : tuple of int, default ()
        Fully connected layers with ReLU, of each task, between the mixture and its head.

    Notes
    -----
    Gates read entered rows: numbers, embedded categories; sequences and maps are mean-pooled for
    them. What experts give is pooled before it is mixed, which is the same as after. Gates have
    no bias, as in the paper. `polytask.observers.GateUsage` records their weights.

    Deviations: the number of experts and layers is free; the paper has one layer in each expert,
    and towers of one layer. LibMTL's gates have a bias; where it is 0, scores are the same.

    References
    ----------
    Ma, Zhao, Yi, Chen, Hong & Chi, "Modeling task relationships in multi-task learning with
    multi-gate mixture-of-experts", KDD 2018.

    Examples
    --------
    >>> from polytask.architectures import MMoE
    >>> from polytask.encoders import MLP
    >>> MMoE(MLP((64,)), n_experts=4, tower_widths=(16,)).single_task().encoder.widths
    (64,)
    """

    n_experts: int = 8
    tower_widths: tuple[int, ...] = ()

    search_ranges: ClassVar[Mapping[str, SearchRange]] = GATED_RANGES
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = GATED_CONSTRAINTS

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build experts, gates, towers and heads."""
        return GatedExpertsNetwork(
            encoder,
            schemas,
            tasks,
            owner="MMoE",
            n_experts=self.n_experts,
            tower_widths=self.tower_widths,
            mixture=lambda width: Mixture(width, self.n_experts, tasks.names),
        )
