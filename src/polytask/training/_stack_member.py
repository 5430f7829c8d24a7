"""A member of a population as a stack of networks trains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Schema
from polytask.tasks import TaskSet
from polytask.training._hosted import Hosted
from polytask.training._stack_table import StackTable

__all__ = ["StackMember"]


@dataclass(eq=False)
class StackMember:
    """A member, its network and its rows.

    Attributes
    ----------
    position : int
        In the population.
    trainer : Trainer
        With its own settings.
    seed : int
    tasks : TaskSet
        Its tasks, with their weights.
    schemas : mapping of source name to Schema
    network : MultiTaskModule
        Its own, as it was built; ends in its best state.
    hosted : Hosted or None
        Its place in a network of more tasks, with which it is trained.
    part : str, default ""
        The task whose network this is, of a network whose tasks are apart: its rows and its noise follow
        from its name, too.
    epoch : int, optional
        Batches between evaluations, by default those in which it reads its rows once.
    table : StackTable
    train, validation : mapping of source name to tensor of int64
        The rows of the table that are labelled for its tasks.
    """

    position: int
    trainer: Any
    seed: int
    tasks: TaskSet
    schemas: Mapping[str, Schema]
    network: MultiTaskModule
    table: StackTable
    train: Mapping[str, Tensor]
    validation: Mapping[str, Tensor]
    hosted: Hosted | None = None
    part: str = ""
    epoch: int | None = None

    @property
    def host(self) -> MultiTaskModule:
        """The network that is stacked."""
        return self.network if self.hosted is None else self.hosted.network

    @property
    def n_rows(self) -> int:
        """Training rows of all sources."""
        return sum(map(len, self.train.values()))

    @cached_property
    def columns(self) -> Tensor:
        """Positions of its tasks among those of the network that is stacked."""
        return torch.tensor([self.host.tasks.index(name) for name in self.tasks.names])

    def own_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The state of its own network, from that of the network that is stacked."""
        return dict(state) if self.hosted is None else self.hosted.own_state(state)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Give its own network a state of the network that is stacked; the rest stays as it was built."""
        own = {**dict(self.network.named_parameters()), **dict(self.network.named_buffers())}
        with torch.no_grad():
            for name, tensor in self.own_state(state).items():
                own[name].copy_(tensor)
