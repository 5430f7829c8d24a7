"""A shared trunk whose heads are generated from embeddings of the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Interval
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._generated_heads import GeneratedHeads
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._owners import Owned, Owner
from polytask.architectures._stages import Stages
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["HyperNetworkHeads"]


@dataclass(frozen=True)
class HyperNetworkHeads(EncoderArchitecture):
    r"""One trunk; a network shared by all tasks generates each head from the task's embedding.

    .. math:: s_k = V_k f(x) + b_k, \qquad
              (V_k, b_k) = B \tanh(A e_k + a) + (V, b)

    with the learned embedding :math:`e_k` of task k, all that it owns. Tasks of one kind and size
    have a matrix B and a common head (V, b) of their own; A is shared by all.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        The trunk.
    initializer : str, optional
        How weight matrices of the trunk and A are drawn; PyTorch's own way when None.
    task_dim : int, default 8
        Width of the embedding.
    hidden : int, default 32
        Rows of A.

    Notes
    -----
    Deviations: the paper generates the weights of all layers, this the heads; its static
    hypernetwork has no activation. B starts so small that generated heads have the spread of a
    plain linear layer.

    References
    ----------
    Ha, Dai and Le, "HyperNetworks", ICLR 2017.

    Examples
    --------
    >>> from polytask.architectures import HyperNetworkHeads
    >>> from polytask.encoders import MLP
    >>> HyperNetworkHeads(MLP((64,)), task_dim=2).hidden
    32
    """

    task_dim: int = 8
    hidden: int = 32

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "task_dim": Range(2, 64, log=True, default=8, integer=True),
        "hidden": Range(8, 128, log=True, default=32, integer=True),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "task_dim": Interval(int, 1),
        "hidden": Interval(int, 1),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the trunk, the embeddings and the hypernetwork."""
        return HyperNetwork(self, encoder, schemas, tasks)


class HyperNetwork(EncoderNetwork):
    """The module of `HyperNetworkHeads`."""

    def __init__(
        self,
        recipe: HyperNetworkHeads,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
    ) -> None:
        super().__init__("HyperNetworkHeads", encoder, schemas, tasks)
        self.trunk = Stages(encoder, self.inputs)
        self.codes = TaskCodes(tasks.names, recipe.task_dim, recipe.hidden)
        self.heads = GeneratedHeads(self.blocks, tasks, self.trunk.shape, recipe.hidden)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """The trunk's output for the rows of every source in the batch."""
        return self.trunk.enter(self.inputs, batch)

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores by the generated heads."""
        raw: Raw = self.heads.generated(self.codes())(features, batch)
        return raw


class TaskCodes(Owner):
    """The embedding of every task, and the first layer of the hypernetwork.

    Parameters
    ----------
    tasks : sequence of str
    dim, hidden : int

    Attributes
    ----------
    embedding : tensor of shape (n_tasks, dim)
    """

    def __init__(self, tasks: Sequence[str], dim: int, hidden: int) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.embedding = nn.Parameter(torch.empty(len(self.tasks), dim))
        nn.init.normal_(self.embedding)
        self.layer = nn.Linear(dim, hidden)

    def forward(self) -> Tensor:
        """Codes (n_tasks, hidden)."""
        return torch.tanh(self.layer(self.embedding))

    def owners(self) -> Sequence[Owned]:
        """Each task's embedding is its own; the layer serves all tasks."""
        return [Owned(self.embedding, self.tasks, axis=0)]
