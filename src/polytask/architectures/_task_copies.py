"""Copies of one network of all tasks, each fine-tuned for one task."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf, check_parameters
from polytask.architectures._alone import schema_of_tasks
from polytask.architectures._architecture import Architecture
from polytask.architectures._copies import Copies
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._overrides import overrides
from polytask.architectures._separate import SeparateNetwork
from polytask.data import Batch, Bins, Schema, SourceBatch, Tokenizer
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

    def of_task(self, name: str) -> MultiTaskModule:
        """The copy of one task, with the names that sources have in the network."""
        group = next(group for group in self.groups if name in group.names)
        copied: TaskCopy = self._make(name, {s: self._schemas[s] for s in group.sources})
        return copied.trained()

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


class TaskCopy(nn.Module):
    """A copy of a network of all tasks that answers for one of them.

    Its penalty of a batch, which compares tasks, is left out.

    Parameters
    ----------
    network : MultiTaskModule
        Copied, with the parameters of single tasks untrained.
    name : str
        The task.
    schemas : mapping of source name to Schema
        Of the sources that carry the task.
    """

    columns: Tensor
    position: Tensor

    def __init__(self, network: MultiTaskModule, name: str, schemas: Mapping[str, Schema]) -> None:
        super().__init__()
        self.network, self.name, self._schemas = copy.deepcopy(network), name, dict(schemas)
        _freeze_own_parts(self.network)
        self.block = next(block for block in network.blocks if name in block.tasks)
        columns = {source: self.block.tasks_in(source).index(name) for source in schemas}
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

    def trained(self) -> MultiTaskModule:
        """The copy as a network of its task."""
        kind = _CopyNetwork
        if overrides(self.network, "penalty"):
            kind = _PenalizedCopy
        if self.network.has_updates:
            kind = _UpdatedCopy
        return kind(
            self, {s: schema_of_tasks(self._schemas[s], [self.name]) for s in self._schemas}
        )


class _CopyNetwork(MultiTaskModule):
    """A copy of a network of all tasks as the network of one.

    Parameters
    ----------
    copied : TaskCopy
    schemas : mapping of source name to Schema
        Of its task.
    """

    def __init__(self, copied: TaskCopy, schemas: Mapping[str, Schema]) -> None:
        network = copied.network
        super().__init__(schemas, network.tasks.subset([copied.name]))
        self.copied, self.n_members = copied, network.n_members
        self.rows_at_once = network.rows_at_once

    def forward(self, batch: Batch) -> Raw:
        """Scores of the task."""
        (block,) = self.blocks
        return {
            (source, block.name): self.copied(rows.inputs, source).unsqueeze(1)
            for source, rows in batch.items()
        }


class _PenalizedCopy(_CopyNetwork):
    """One whose network has a penalty of parameters, which moves only what the copy trains."""

    def strengths(self) -> Mapping[str, float]:
        """Those of the copy."""
        return self.copied.network.strengths()

    def penalty(self) -> Tensor:
        """That of the copy."""
        return self.copied.network.penalty()


class _UpdatedCopy(_PenalizedCopy):
    """One whose network has updates in place, too."""

    @torch.no_grad()
    def proximal_step(self, step: float) -> None:
        """The copy's proximal step of what it trains."""
        network = self.copied.network
        if overrides(network, "proximal_step"):
            kept = [(p, p.clone()) for p in network.parameters() if not p.requires_grad]
            network.proximal_step(step)
            for parameter, value in kept:
                parameter.copy_(value)

    def refit(self) -> None:
        """Update what the copy learns in closed form."""
        self.copied.network.refit()


def _freeze_own_parts(network: MultiTaskModule) -> None:
    """Leave parameters without a shared part untrained, where one of their tasks shares others."""
    owners = [owned for owned in network.owners() if owned.tensor.requires_grad]
    sharing = {name for owned in owners if owned.is_shared for name in owned.all_tasks}
    for owned in owners:
        if not owned.is_shared and not sharing.isdisjoint(owned.tasks):
            owned.tensor.requires_grad_(False)
