"""Copies of one network of all tasks, each fine-tuned for one task."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf, check_parameters
from polytask.architectures._architecture import Architecture
from polytask.architectures._copies import Copies
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._separate import SeparateNetwork
from polytask.data import Bins, Schema, SourceBatch, Tokenizer
from polytask.tasks import TaskSet

__all__ = ["TaskCopies", "TaskCopiesNetwork"]


@dataclass(frozen=True)
class TaskCopies(Architecture):
    """A copy per task of the whole network of an architecture, trained side by side.

    Every copy has the parts of all tasks and answers for its own, so that it has the tensors of
    the network that it began from, with which copies can be merged again. It trains what tasks
    share. A parameter without a shared part, such as a head or the stacked heads of many tasks, is
    not trained if one of its tasks shares other parameters: it has to fit the merged network, which
    no copy knows. So a task that shares nothing trains its own layers, except for parameters that
    are stacked with those of tasks that share. A parameter with shared and private slices is trained
    as a whole. Running statistics are updated in all layers.

    Parameters
    ----------
    architecture : Architecture, default HardSharing()
    """

    architecture: Architecture = field(default_factory=HardSharing)

    shares: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "architecture": InstanceOf((Architecture,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def bins(self) -> Bins | None:
        """Those of the architecture."""
        return self.architecture.bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the architecture."""
        return self.architecture.tokenizer

    def refuses(self, tasks: TaskSet) -> str | None:
        """What the architecture says of the tasks."""
        return self.architecture.refuses(tasks)

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> TaskCopiesNetwork:
        """Build the network and copy it for every task."""
        return TaskCopiesNetwork(self.architecture.build(schemas, tasks, seed), schemas, tasks)


class TaskCopiesNetwork(SeparateNetwork):
    """The module of `TaskCopies`: copies of one network, stacked where that is possible.

    Parameters
    ----------
    network : MultiTaskModule
        The state that every copy begins from.
    schemas : mapping of source name to Schema
    tasks : TaskSet
    """

    def __init__(
        self, network: MultiTaskModule, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        super().__init__(partial(TaskCopy, network), schemas, tasks)

    def states(self) -> dict[str, dict[str, Tensor]]:
        """The state of every task's copy, by the names that tensors have in the network."""
        states = {}
        for group, copies in zip(self.groups, self.networks, strict=True):
            for name, state in zip(group.names, cast("Copies", copies).states(), strict=True):
                states[name] = {
                    tensor: value
                    for known, value in state.items()
                    if (tensor := known.removeprefix("network.")) != known
                }
        return {name: states[name] for name in self.tasks.names}

    @torch.no_grad()
    def proximal_step(self, step: float) -> None:
        """Every copy's proximal step of what it trains."""
        changed = [network for network in self._apart() if _has_proximal_map(network)]
        parameters = (p for network in changed for p in network.parameters())
        kept = [(p, p.clone()) for p in parameters if not p.requires_grad]
        super().proximal_step(step)
        for parameter, value in kept:
            parameter.copy_(value)


class TaskCopy(nn.Module):
    """A copy of a network of all tasks that answers for one of them.

    Its penalty of a batch, which compares tasks, is left out.

    Parameters
    ----------
    network : MultiTaskModule
        Copied, with the parameters of single tasks untrained.
    name : str
        The task.
    sources : sequence of str
        Those that carry the task.
    """

    penalizes = False
    columns: Tensor
    position: Tensor

    def __init__(self, network: MultiTaskModule, name: str, sources: Sequence[str]) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        _freeze_own_parts(self.network)
        self.block = next(block for block in network.blocks if name in block.tasks)
        columns = {source: self.block.tasks_in(source).index(name) for source in sources}
        self._sources = tuple(columns)
        # Buffers, since stacked copies run as one module and differ in tensors alone.
        self.register_buffer("columns", torch.tensor(list(columns.values())), persistent=False)
        self.register_buffer("position", torch.tensor(network.tasks.index(name)), persistent=False)

    def forward(self, inputs: Mapping[str, Tensor], source: str) -> Tensor:
        """The task's scores (n, size) of a source's rows."""
        n_rows = len(next(iter(inputs.values()))) * self.network.n_members
        task = self.position.expand(n_rows) if source in self.block.own_rows else None
        scores = self.network(
            {source: SourceBatch(inputs, task=task, members=self.network.n_members)}
        )[source, self.block.name]
        if task is not None:
            return scores
        column = self.columns[self._sources.index(source)]
        return scores.index_select(1, column[None])[:, 0]


def _has_proximal_map(network: MultiTaskModule) -> bool:
    return type(network).proximal_step is not MultiTaskModule.proximal_step


def _freeze_own_parts(network: MultiTaskModule) -> None:
    """Leave parameters without a shared part untrained, where one of their tasks shares others."""
    owners = [owned for owned in network.owners() if owned.tensor.requires_grad]
    sharing = {name for owned in owners if owned.is_shared for name in owned.all_tasks}
    for owned in owners:
        if not owned.is_shared and not sharing.isdisjoint(owned.tasks):
            owned.tensor.requires_grad_(False)
