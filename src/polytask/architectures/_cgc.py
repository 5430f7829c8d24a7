"""Customized gate control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._expert_settings import OWN_EXPERT_CONSTRAINTS, own_expert_ranges
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._ple import PLENetwork
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.ranges import Choices, SearchRange
from polytask.tasks import TaskSet

__all__ = ["CGC"]


@dataclass(frozen=True)
class CGC(EncoderArchitecture):
    r"""Shared experts and experts of each task, which the task's gate mixes row by row.

    .. math:: s_k = V_k t_k\Big(\sum_e \mathrm{softmax}(W_k x)_e \, f_e(x)\Big) + b_k, \quad
              e \in E_k \cup E_s

    with the experts :math:`E_k` of task k and the shared ones :math:`E_s`, the gate :math:`W_k`,
    the tower :math:`t_k` (the identity by default) and head :math:`(V_k, b_k)`.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are those of one expert; its entry, x, is common to all experts and gates.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_shared : int, default 2
        Shared experts.
    n_specific : int, default 1
        Experts of each task.
    tower_widths : tuple of int, default ()
        Fully connected layers with ReLU, of each task, between the mixture and its head.

    Notes
    -----
    `PLE` of one level, whose notes hold here too. In LibMTL gates have a bias, and weigh the
    shared experts before the task's own; where the bias is 0, scores are the same.

    References
    ----------
    Tang, Liu, Zhao & Gong, "Progressive layered extraction (PLE): a novel multi-task learning
    (MTL) model for personalized recommendations", RecSys 2020.

    Examples
    --------
    >>> from polytask.architectures import CGC
    >>> CGC(n_shared=4).shares
    True
    """

    n_shared: int = 2
    n_specific: int = 1
    tower_widths: tuple[int, ...] = ()

    search_ranges: ClassVar[Mapping[str, SearchRange]] = own_expert_ranges(Choices((1, 2, 4, 8), 2))
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = OWN_EXPERT_CONSTRAINTS

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build experts, gates, towers and heads."""
        experts = (1, self.n_shared, self.n_specific)
        return PLENetwork("CGC", encoder, schemas, tasks, experts, self.tower_widths)
