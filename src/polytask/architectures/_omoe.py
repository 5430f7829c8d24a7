"""One-gate mixture of experts."""

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

__all__ = ["OMoE"]


@dataclass(frozen=True)
class OMoE(EncoderArchitecture):
    r"""Experts that one gate mixes row by row, the same for all tasks.

    .. math:: s_k = V_k t_k\Big(\sum_e \mathrm{softmax}(W x)_e \, f_e(x)\Big) + b_k

    with experts :math:`f_e`, the gate :math:`W`, the tower :math:`t_k` of task k (the identity by
    default) and its head :math:`(V_k, b_k)`.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are those of one expert; its entry, x, is common to all experts and the gate.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_experts : int, default 8
    tower_widths : tuple of int, default ()
        Fully connected layers with ReLU, of each task, between the mixture and its head.

    Notes
    -----
    The one-gate model with which the paper compares `MMoE`, whose notes hold here too.

    References
    ----------
    Ma, Zhao, Yi, Chen, Hong & Chi, "Modeling task relationships in multi-task learning with
    multi-gate mixture-of-experts", KDD 2018.

    Examples
    --------
    >>> from polytask.architectures import OMoE
    >>> OMoE(n_experts=4).shares
    True
    """

    n_experts: int = 8
    tower_widths: tuple[int, ...] = ()

    search_ranges: ClassVar[Mapping[str, SearchRange]] = GATED_RANGES
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = GATED_CONSTRAINTS

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build experts, the gate, towers and heads."""
        return GatedExpertsNetwork(
            encoder,
            schemas,
            tasks,
            owner="OMoE",
            n_experts=self.n_experts,
            tower_widths=self.tower_widths,
            mixture=lambda width: Mixture(width, self.n_experts),
        )
