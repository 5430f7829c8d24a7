"""Low-rank updates of every task on shared linear layers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Interval
from polytask.architectures._condition import Condition, task_product
from polytask.architectures._conditioned_network import ConditionedNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._task_rows import TaskRows
from polytask.data import Schema
from polytask.encoders import Encoder, State, advance
from polytask.exceptions import ParameterError
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["LoRA"]

_ROWS: ContextVar[TaskRows | None] = ContextVar("rows", default=None)
"""The rows of the forward pass under way in this thread, which hooks of layers cannot receive."""


@dataclass(frozen=True)
class LoRA(EncoderArchitecture):
    r"""Shared linear layers, each with an update of low rank per task.

    .. math:: h_k = (W + B_k A_k) x + b

    for every `torch.nn.Linear` in the encoder's stages, with :math:`A_k` of `rank` rows. The
    matrices :math:`B_k` start at 0, so that the network starts as `HardSharing`.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages hold the shared layers.
    initializer : str, optional
        How weight matrices are drawn, but for :math:`B_k`; PyTorch's own way when None.
    rank : int, default 4
        Rows of :math:`A_k`, in each layer at most its smaller size, which gives every update
        already.

    Raises
    ------
    ParameterError
        If the encoder has stages but no linear layer in them.

    Notes
    -----
    Deviations: the shared matrices learn with the updates, where the paper adapts a network that
    was trained before; there is no factor α / r beside the learning rate. Projections inside
    `torch.nn.MultiheadAttention` are no linear layers of their own and stay shared. Stages see
    the rows of one source at a time.

    References
    ----------
    Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022.

    Examples
    --------
    >>> from polytask.architectures import LoRA
    >>> from polytask.encoders import MLP
    >>> LoRA(MLP((64, 64)), rank=2).rank
    2
    """

    rank: int = 4

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "rank": Range(1, 32, log=True, default=4, integer=True),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "rank": Interval(int, 1),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the shared stages, the updates and the heads."""
        return LoRANetwork(self, encoder, schemas, tasks)


class LoRANetwork(ConditionedNetwork):
    """The module of `LoRA`; hooks of the shared layers add the updates."""

    def __init__(
        self, recipe: LoRA, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        super().__init__("LoRA", encoder, schemas, tasks, first=0)
        layers = [layer for layer in self.trunk.modules() if type(layer) is nn.Linear]
        if len(self.trunk) and not layers:
            several = 'TabM(adapters="first"), whose members share them, ' * (encoder.members > 1)
            sentence = (
                "The `encoder` parameter of LoRA must have torch.nn.Linear layers in its stages, "
                f"which are what it adapts. Got {type(encoder).__name__} without any; choose "
                f"{several}another encoder, or polytask.architectures.Adapters."
            )
            raise ParameterError(sentence)
        updates = [LowRankUpdate(tasks.names, layer, recipe.rank) for layer in layers]
        for layer, update in zip(layers, updates, strict=True):
            layer.register_forward_hook(update.added)
        self.updates = nn.ModuleList(updates)

    def advance(
        self, stage: nn.Module, states: Mapping[str, State], rows: Mapping[str, TaskRows]
    ) -> Mapping[str, State]:
        """Apply a stage source by source, its linear layers updated by task."""
        return {name: self._advanced(stage, state, rows[name]) for name, state in states.items()}

    def _advanced(self, stage: nn.Module, state: State, rows: TaskRows) -> State:
        token = _ROWS.set(rows)
        try:
            return advance(stage, state)
        finally:
            _ROWS.reset(token)


class LowRankUpdate(Condition):
    """What the matrices B A of every task add to the output of a shared linear layer.

    Parameters
    ----------
    tasks : sequence of str
    layer : nn.Linear
    rank : int
        The smaller size of the layer, if that is less.

    Attributes
    ----------
    a, b : tensor of shape (n_tasks, rank, in_features) and (n_tasks, out_features, rank)
    """

    def __init__(self, tasks: Sequence[str], layer: nn.Linear, rank: int) -> None:
        super().__init__(tasks)
        n_tasks, bound = len(self.tasks), 1 / math.sqrt(max(layer.in_features, 1))
        rank = min(rank, max(1, min(layer.in_features, layer.out_features)))
        self.a = nn.Parameter(torch.empty(n_tasks, rank, layer.in_features))
        self.b = nn.Parameter(torch.empty(n_tasks, layer.out_features, rank))
        nn.init.uniform_(self.a, -bound, bound)
        nn.init.zeros_(self.b)

    def forward(self, values: Tensor, rows: TaskRows) -> Tensor:
        """The update of values by task."""
        return task_product(task_product(values, rows.of(self.a)), rows.of(self.b))

    def added(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Output of the layer with the update; a forward hook."""
        del layer
        rows = _ROWS.get()
        return output if rows is None else output + rows.flat(self(rows.by_task(inputs[0]), rows))

    def matrices(self) -> list[Tensor]:
        """The matrices A, which initialisers draw one by one."""
        return list(self.a.detach())
