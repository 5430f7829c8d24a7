"""A learned embedding of the task beside the entry of a shared trunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Interval
from polytask.architectures._condition import Condition, beside
from polytask.architectures._conditioned_network import ConditionedNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._task_rows import TaskRows
from polytask.architectures._widened_inputs import WidenedInputs
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["TaskEmbedding"]


@dataclass(frozen=True)
class TaskEmbedding(EncoderArchitecture):
    r"""One trunk that reads the task beside the row, and a head per task.

    .. math:: s_k = V_k f([x, e_k]) + b_k

    with shared trunk f and the learned embedding :math:`e_k` of task k.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        The trunk.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    task_dim : int, default 8
        Width of the embedding.

    Notes
    -----
    The embedding stands beside every step of a sequence and every place of a map, as further
    channels of the entry. Deviations: Caruana's trunk does not read the task; Johnson et al. put it
    before a sequence as a step, and their tasks share one head.

    References
    ----------
    Caruana, "Multitask learning", Machine Learning 28, 1997. Johnson et al., "Google's multilingual
    neural machine translation system", TACL 5, 2017.

    Examples
    --------
    >>> from polytask.architectures import TaskEmbedding
    >>> from polytask.encoders import MLP
    >>> TaskEmbedding(MLP((64,)), task_dim=4).task_dim
    4
    """

    task_dim: int = 8

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "task_dim": Range(2, 64, log=True, default=8, integer=True),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "task_dim": Interval(int, 1),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the trunk, the embedding and the heads."""
        inputs = WidenedInputs(encoder, schemas, self.task_dim, "TaskEmbedding")
        network = ConditionedNetwork("TaskEmbedding", encoder, schemas, tasks, inputs, first=0)
        network.conditions["0"] = Embedded(tasks.names, self.task_dim)
        return network


class Embedded(Condition):
    """The embedding of each task as further channels.

    Parameters
    ----------
    tasks : sequence of str
    dim : int, optional
        Width of learned vectors; None for the position of the task as zeros and a one.

    Attributes
    ----------
    embedding : tensor of shape (n_tasks, dim), or None
    """

    def __init__(self, tasks: Sequence[str], dim: int | None) -> None:
        super().__init__(tasks)
        self.dim = len(self.tasks) if dim is None else dim
        self.embedding = None if dim is None else nn.Parameter(torch.empty(len(self.tasks), dim))
        if self.embedding is not None:
            nn.init.normal_(self.embedding)

    def forward(self, values: Tensor, rows: TaskRows) -> Tensor:
        """Values beside the embedding."""
        vectors = beside(rows.of(self.vectors(values)), values)
        return torch.cat([values, vectors.expand(*values.shape[:-1], -1)], dim=-1)

    def vectors(self, values: Tensor) -> Tensor:
        """The vector of every task, (n_tasks, dim), on the device of values."""
        if self.embedding is None:
            return torch.eye(self.dim, dtype=values.dtype, device=values.device)
        return self.embedding
