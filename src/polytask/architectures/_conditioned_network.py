"""Shared stages whose features are modified by task."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from polytask.architectures._condition import Condition
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._inputs import Inputs
from polytask.architectures._stages import Stages, advance_all
from polytask.architectures._task_rows import TaskRows, task_rows
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["ConditionedNetwork"]


class ConditionedNetwork(EncoderNetwork):
    """Stages that all tasks share, conditions between them, a head per task.

    Rows that each have one task are conditioned on it alone. Other rows run once up to the first
    condition, and from there once per task of their source, all in one pass.

    Parameters
    ----------
    owner : str
        Name of the recipe, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    inputs : Inputs, optional
        Entries, by default those of the encoder.
    first : int, default 1
        The stage after which rows are first conditioned; 0 is the entry.

    Attributes
    ----------
    conditions : ModuleDict of str to Condition
        By the number of the stage that they follow, from 1; ``"0"`` follows the entry.
    heads : nn.Module
        Maps features of every source's tasks, and the batch, to raw scores.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import torch
    >>> from torch import nn
    >>> from polytask.architectures import Condition, ConditionedNetwork, EncoderArchitecture
    >>> from polytask.encoders import MLP
    >>> class Scaled(Condition):
    ...     def __init__(self, tasks):
    ...         super().__init__(tasks)
    ...         self.scale = nn.Parameter(torch.ones(len(tasks)))
    ...
    ...     def forward(self, values, rows):
    ...         return values * rows.of(self.scale).view(-1, *[1] * (values.ndim - 1))
    >>> @dataclass(frozen=True)
    ... class ScaledTrunk(EncoderArchitecture):
    ...     def network(self, encoder, schemas, tasks):
    ...         network = ConditionedNetwork("ScaledTrunk", encoder, schemas, tasks)
    ...         network.conditions["1"] = Scaled(tasks.names)
    ...         return network
    >>> from polytask.testing import check_architecture
    >>> check_architecture(ScaledTrunk(MLP((4,))))
    """

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        inputs: Inputs | None = None,
        first: int = 1,
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks, inputs)
        self.trunk = Stages(encoder, self.inputs)
        self.first = min(first, len(self.trunk))
        self.conditions = nn.ModuleDict()
        self.heads = Heads(
            self.blocks, tasks, self.trunk.shape, per_task=True, members=self.n_members
        )
        self._members = {
            source: [tasks.index(name) for name in self.tasks_in(source)] for source in schemas
        }

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Features of every source's tasks, or of each row's task where it has one."""
        states: Mapping[str, State] = self.inputs(batch)
        rows = {n: self._rows(n, s.values, batch[n].task) for n, s in states.items()}
        for position in range(len(self.trunk) + 1):
            if position:
                states = self.advance(self.trunk[position - 1], states, rows)
            if position == self.first:
                states = {name: rows[name].repeated(state) for name, state in states.items()}
            if str(position) in self.conditions:
                condition: Condition = self.conditions[str(position)]  # type: ignore[assignment]
                states = {n: _conditioned(condition, s, rows[n]) for n, s in states.items()}
        return {name: rows[name].features(state) for name, state in states.items()}

    def advance(
        self, stage: nn.Module, states: Mapping[str, State], rows: Mapping[str, TaskRows]
    ) -> Mapping[str, State]:
        """Apply a shared stage to flat states."""
        del rows
        return advance_all(stage, states)

    def _rows(self, source: str, values: Tensor, task: Tensor | None) -> TaskRows:
        members = self._members[source]
        return task_rows(members, len(self.tasks), len(values), task, values.device)


def _conditioned(condition: Condition, state: State, rows: TaskRows) -> State:
    """A flat state after a condition."""
    is_map = state.values.ndim > 3
    values = torch.movedim(state.values, 1, -1) if is_map else state.values
    values = rows.flat(condition(rows.by_task(values), rows))
    return State(torch.movedim(values, -1, 1) if is_map else values, state.mask)
