"""Towers of all tasks whose features are fused after stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._fusion_unit import FusionUnit
from polytask.architectures._heads import Heads
from polytask.architectures._towers import Towers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._pooling import pooled_width
from polytask.exceptions import ParameterError
from polytask.tasks import TaskRelation, TaskSet

__all__ = ["FusedTowersNetwork"]

UnitFactory = Callable[[int, int, Sequence[str]], FusionUnit]
"""Builds a unit from the channels before and after its stage, and the tasks that own it."""


class FusedTowersNetwork(EncoderNetwork):
    """A tower per task; units fuse the features of all towers after stages.

    The rows of all sources run through all towers up to the last unit, since it brings the
    features of every tower to every task. Above it a tower takes the rows of its task alone.

    Parameters
    ----------
    owner : str
        Name of the recipe, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    unit : callable
        ``unit(in_channels, channels, owners) -> FusionUnit``.
    stages : sequence of int, optional
        The stages, from 1, that a unit follows; all by default.
    n_experts : int, default 1
        Copies of every stage per task; units then take (n_tasks * n_experts, n, …).

    Raises
    ------
    ParameterError
        If a stage is named that there is not.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask.architectures import EncoderArchitecture, FusedTowersNetwork, FusionUnit
    >>> from polytask.encoders import MLP, State
    >>> class Sum(FusionUnit):
    ...     def forward(self, inputs, outputs):
    ...         return State(outputs.values + outputs.values.sum(dim=0), outputs.mask)
    >>> @dataclass(frozen=True)
    ... class Summed(EncoderArchitecture):
    ...     def network(self, encoder, schemas, tasks):
    ...         def unit(in_channels, channels, owners):
    ...             return Sum(owners)
    ...
    ...         return FusedTowersNetwork("Summed", encoder, schemas, tasks, unit)
    >>> from polytask.testing import check_architecture
    >>> check_architecture(Summed(MLP((4, 4))))
    """

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        unit: UnitFactory,
        *,
        stages: Sequence[int] | None = None,
        n_experts: int = 1,
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks)
        self.n_experts = n_experts
        self.members_of = {source: self.members_in(source) for source in self.sources}
        fused = _fused(owner, stages, len(encoder.stages(self.inputs.shape)))
        last, names = max(fused, default=0), tasks.names
        self.towers = Towers(encoder, self.inputs, len(tasks) * n_experts, stop=last)
        self.own_towers = Towers(
            encoder, self.inputs, len(tasks), tasks=names, start=last, apart=last > 0
        )
        channels = [pooled_width(shape) for shape in self.own_towers.shapes]
        self.units = nn.ModuleDict()
        for stage in fused:
            owners = names if stage == last else ()
            self.units[str(stage)] = unit(channels[stage - 1], channels[stage], owners)
        self.heads = Heads(
            self.blocks, tasks, self.own_towers.shape, per_task=True, members=self.n_members
        )

    def relations(self) -> dict[str, TaskRelation]:
        """The weights with which each unit mixes the towers, a row per task that receives them."""
        units = {f"unit after stage {stage}": unit.mixing() for stage, unit in self.units.items()}  # type: ignore[operator]
        return {
            name: TaskRelation("mixing", self.tasks.names, weights.detach().cpu().numpy())
            for name, weights in units.items()
            if weights is not None
        }

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Features of every source's tasks, or of each row's task where it has one."""
        states: Mapping[str, State] = self.inputs(batch)
        for stage in range(1, len(self.towers) + 1):
            states = self.advance(stage, states)
        if len(self.towers):
            states = self.of_own_tasks(states, batch)
        return self.own_towers(states, batch)

    def advance(self, stage: int, states: Mapping[str, State]) -> Mapping[str, State]:
        """Run one stage of all towers, and the unit that follows it."""
        repeated = states if stage == 1 else self._for_experts(states)
        outputs = self.towers.advance(stage - 1, repeated)
        if str(stage) not in self.units:
            return outputs
        unit, entered = self.units[str(stage)], self.for_tasks(states, stage)
        return {name: unit(entered[name], outputs[name]) for name in outputs}

    def for_tasks(self, states: Mapping[str, State], stage: int) -> Mapping[str, State]:
        """What enters a stage by task, (n_tasks, n, …); the first takes the same rows for all."""
        if stage > 1:
            return states
        n = len(self.tasks)
        return {
            name: State(values.expand(n, *values.shape), mask)
            for name, (values, mask) in states.items()
        }

    def of_own_tasks(self, states: Mapping[str, State], batch: Batch) -> Mapping[str, State]:
        """Of what all towers give, (n_tasks, n, …), that of each source's, or each row's, tasks."""
        own = {}
        for name, (values, mask) in states.items():
            task, members = batch[name].task, self.members_of[name]
            if task is not None:
                index: Any = (task, torch.arange(len(task), device=task.device))
            else:
                index = ... if members is None else members
            own[name] = State(values[index], mask)
        return own

    def _for_experts(self, states: Mapping[str, State]) -> Mapping[str, State]:
        """The features of a task, repeated for each of its experts."""
        n = self.n_experts
        if n == 1:
            return states
        return {
            name: State(torch.repeat_interleave(s.values, n, dim=0), s.mask)
            for name, s in states.items()
        }


def _fused(owner: str, stages: Sequence[int] | None, n_stages: int) -> list[int]:
    """The stages that a unit follows, in order."""
    if stages is None:
        return list(range(1, n_stages + 1))
    beyond = [stage for stage in stages if stage > n_stages]
    if beyond:
        sentence = (
            f"The `stages` parameter of {owner} must be stages of the encoder between 1 and "
            f"{n_stages}. Got {beyond[0]} instead; give an encoder of more stages, or None for a "
            "unit after every stage."
        )
        raise ParameterError(sentence)
    return sorted(set(stages))
