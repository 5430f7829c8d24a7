"""Bottleneck adapters of every task after shared stages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Interval
from polytask.architectures._condition import Condition, beside, task_product
from polytask.architectures._conditioned_network import ConditionedNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._task_rows import TaskRows
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.encoders._layers import ACTIVATIONS, activation
from polytask.encoders._pooling import pooled_width
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["Adapters"]


@dataclass(frozen=True)
class Adapters(EncoderArchitecture):
    r"""Shared stages, each followed by a small residual bottleneck of every task's own.

    .. math:: h_k \leftarrow h_k + U_k\,\phi(D_k h_k + a_k) + c_k

    with the shared stage's features :math:`h_k` and :math:`D_k` of `bottleneck` rows. The
    matrices :math:`U_k` start at 0, so that the network starts as `HardSharing`.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are shared.
    initializer : str, optional
        How weight matrices are drawn, but for :math:`U_k`; PyTorch's own way when None.
    bottleneck : int, default 16
        Units of an adapter.
    activation : str, default "relu"
        :math:`\phi`.

    Notes
    -----
    Maps are adapted place by place (1 x 1 convolutions). Deviations: the shared stages learn with
    the adapters, where both papers adapt a network that was trained before; adapters follow each
    stage as a whole; Rebuffi et al. have no activation and normalise by batch.

    References
    ----------
    Houlsby et al., "Parameter-efficient transfer learning for NLP", ICML 2019. Rebuffi et al.,
    "Learning multiple visual domains with residual adapters", NeurIPS 2017.

    Examples
    --------
    >>> from polytask.architectures import Adapters
    >>> from polytask.encoders import MLP
    >>> Adapters(MLP((64, 64)), bottleneck=8).bottleneck
    8
    """

    bottleneck: int = 16
    activation: str = "relu"

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "bottleneck": Range(2, 128, log=True, default=16, integer=True),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "bottleneck": Interval(int, 1),
        "activation": ACTIVATIONS,
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the stages, the adapters and the heads."""
        network = ConditionedNetwork("Adapters", encoder, schemas, tasks)
        for position, shape in enumerate(network.trunk.shapes[1:], 1):
            width = pooled_width(shape)
            adapter = Adapter(tasks.names, width, self.bottleneck, self.activation)
            network.conditions[str(position)] = adapter
        return network


class Adapter(Condition):
    """A residual bottleneck per task.

    Parameters
    ----------
    tasks : sequence of str
    width : int
        Channels c of the features.
    bottleneck : int
    function : str
        The activation's name.

    Attributes
    ----------
    down, up : tensor of shape (n_tasks, bottleneck, c) and (n_tasks, c, bottleneck)
    down_bias, up_bias : tensor of shape (n_tasks, bottleneck) and (n_tasks, c)
    """

    def __init__(self, tasks: Sequence[str], width: int, bottleneck: int, function: str) -> None:
        super().__init__(tasks)
        bound, n_tasks = 1 / math.sqrt(max(width, 1)), len(self.tasks)
        self.down = nn.Parameter(torch.empty(n_tasks, bottleneck, width))
        self.down_bias = nn.Parameter(torch.empty(n_tasks, bottleneck))
        self.up = nn.Parameter(torch.empty(n_tasks, width, bottleneck))
        self.up_bias = nn.Parameter(torch.empty(n_tasks, width))
        nn.init.uniform_(self.down, -bound, bound)
        for parameter in (self.down_bias, self.up, self.up_bias):
            nn.init.zeros_(parameter)
        self.function = activation(function)

    def forward(self, values: Tensor, rows: TaskRows) -> Tensor:
        """Values and what the adapters add to them."""
        down, up = rows.of(self.down), rows.of(self.up)
        hidden = task_product(values, down) + beside(rows.of(self.down_bias), values)
        added = task_product(self.function(hidden), up) + beside(rows.of(self.up_bias), values)
        return values + added

    def matrices(self) -> list[Tensor]:
        """The matrices into the bottlenecks, which initialisers draw one by one."""
        return list(self.down.detach())
