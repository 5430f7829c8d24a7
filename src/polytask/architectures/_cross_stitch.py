"""A tower per task; learned linear combinations of all towers' features after stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from polytask._validation import Constraint, Each, InstanceOf, Interval, Optional
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._fused_towers import FusedTowersNetwork
from polytask.architectures._fusion_unit import (
    FusionUnit,
    channels_back,
    channels_last,
    fill_start_weights,
)
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.data import Schema
from polytask.encoders import Encoder, State
from polytask.ranges import Choices, Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["CrossStitch"]


@dataclass(frozen=True)
class CrossStitch(EncoderArchitecture):
    r"""A tower per task; after a stage every task's features mix with those of all tasks.

    .. math:: \tilde h_k = \sum_j \alpha_{kj} h_j

    with the features :math:`h_j` that the stage gives in the tower of task j.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Every task gets a copy of its stages.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    stages : tuple of int, optional
        The stages, from 1, that a unit follows; all by default. Above the last unit a tower
        learns from its task alone.
    own_weight : float in [0, 1], default 0.9
        :math:`\alpha_{kk}` at the start; the others share what is left to 1.
    per_channel : bool, default False
        Whether every channel (hidden unit) has weights of its own.

    Raises
    ------
    ParameterError
        If a stage is named that there is not.

    Notes
    -----
    Deviations: embeddings of categories and the layers in which sources meet serve all towers,
    where the paper has a network per task; units learn with the network's learning rate, where
    the paper takes a larger one; towers start from different draws, not from networks trained on
    single tasks. The implementation in LibMTL starts all weights from 1 and has no unit after
    the last stage.

    References
    ----------
    Misra et al., "Cross-stitch networks for multi-task learning", CVPR 2016.

    Examples
    --------
    >>> from polytask.architectures import CrossStitch
    >>> from polytask.encoders import MLP
    >>> CrossStitch(MLP((64, 64)), stages=(1,)).stages
    (1,)
    """

    stages: tuple[int, ...] | None = None
    own_weight: float = 0.9
    per_channel: bool = False

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "own_weight": Range(0.5, 1.0, default=0.9),
        "per_channel": Choices((False, True)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "stages": Optional(Each(Interval(int, 1), minimum=1, distinct=True)),
        "own_weight": Interval(float, 0.0, 1.0),
        "per_channel": InstanceOf((bool,)),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the towers and the units."""

        def unit(_: int, channels: int, owners: Sequence[str]) -> FusionUnit:
            of_unit = channels if self.per_channel else None
            return CrossStitchUnit(len(tasks), self.own_weight, of_unit, owners)

        return FusedTowersNetwork("CrossStitch", encoder, schemas, tasks, unit, stages=self.stages)


class CrossStitchUnit(FusionUnit):
    """Linear combinations of the towers' features.

    Attributes
    ----------
    alpha : tensor of shape (n_tasks, n_tasks), or (n_tasks, n_tasks, channels)
        Row k holds the weights of all towers for task k.
    """

    def __init__(
        self, n_tasks: int, own_weight: float, channels: int | None, owners: Sequence[str]
    ) -> None:
        super().__init__(owners)
        shape = (n_tasks, n_tasks) if channels is None else (n_tasks, n_tasks, channels)
        self.alpha = nn.Parameter(torch.empty(shape))
        fill_start_weights(self.alpha.detach(), own_weight)

    def mixing(self) -> torch.Tensor:
        """The weights."""
        return self.alpha

    def forward(self, inputs: State, outputs: State) -> State:
        """Fused features of every task's tower."""
        del inputs
        values, mask = outputs
        if self.alpha.ndim == 2:
            return State(torch.einsum("kj,j...->k...", self.alpha, values), mask)
        fused = torch.einsum("kjc,j...c->k...c", self.alpha, channels_last(values))
        return State(channels_back(fused), mask)
