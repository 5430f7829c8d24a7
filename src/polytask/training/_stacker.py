"""Members of a population with their networks and rows, in stacks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch

from polytask.architectures import Architecture, MultiTaskModule
from polytask.architectures._limited_size import within_memory
from polytask.data import Schema
from polytask.exceptions import ParameterError, PolytaskError
from polytask.tasks import TaskSet
from polytask.training._absent_categories import clear_absent_categories
from polytask.training._device import make_fabric
from polytask.training._hosting import host_members
from polytask.training._member import Member
from polytask.training._member_batch import member_batch
from polytask.training._member_data import MemberData, member_tasks, too_few_rows
from polytask.training._score_checks import check_network
from polytask.training._stack_member import StackMember
from polytask.training._stack_table import StackTable
from polytask.training._stacking import Stack, stacks_of
from polytask.training._task_members import SourceTables, task_members, task_trainer

__all__ = ["Stacker"]


class Stacker:
    """Builds the members of a population, and finds those that can be trained side by side.

    Parameters
    ----------
    data : MemberData
    recipe : callable
        ``recipe(position)`` gives the trainer and the architecture of a member.
    members : sequence of Member

    Attributes
    ----------
    wholes : dict of int to tuple of MultiTaskModule and mapping of source name to Schema
        By position, the networks whose tasks are apart, and their schemas.
    """

    def __init__(
        self,
        data: MemberData,
        recipe: Callable[[int], tuple[Any, Architecture]],
        members: Sequence[Member],
    ) -> None:
        self.data, self.recipe, self.members = data, recipe, members
        self.wholes: dict[int, tuple[MultiTaskModule, Mapping[str, Schema]]] = {}
        self._tables: SourceTables = {}

    def stacks(self, results: list[Any]) -> tuple[list[Stack], list[tuple[StackMember, str]]]:
        """The stacks of members, and those that are trained alone with the reason in words.

        Parameters
        ----------
        results : list
            By position; errors of members that cannot be built are put in it.
        """
        members: list[StackMember] = []
        for position in range(len(self.members)):
            try:
                members.extend(self._members(position))
            except PolytaskError as error:
                results[position] = error
        by_recipe: dict[Hashable, list[StackMember]] = {}
        for member in members:
            table = id(member.table) if member.part else None
            key = self.members[member.position].dropout, table
            by_recipe.setdefault(key, []).append(member)
        for own in by_recipe.values():
            host_members(own, self._host)
        stacks, alone = stacks_of(members)
        return _whole(stacks, {member.position for member, _ in alone}), alone

    @property
    def devices(self) -> list[torch.device]:
        """Devices other than the CPU whose generators trials and training draw from."""
        return [self._device] if self._device.type == "cuda" else []

    @cached_property
    def _device(self) -> torch.device:
        trainer = self.recipe(0)[0]
        return make_fabric(trainer.accelerator, trainer.precision).device

    def _members(self, position: int) -> list[StackMember]:
        """A member with its network and its rows, or one per task where these are apart."""
        member = self.members[position]
        table = self.data.table(member, self._device)
        tasks = member_tasks(table.tasks, member)
        train = table.train.of_tasks(tasks.names)
        validation = {} if table.validation is None else table.validation.of_tasks(tasks.names)
        if not any(map(len, train.values())):
            raise too_few_rows(tasks.names)
        network, schemas = self._built(position, tasks, table)
        clear_absent_categories(network, member_batch(table, table.train, train, network))
        trainer = self.recipe(position)[0]
        if network.apart:
            self.wholes[position] = network, schemas
            own = task_trainer(trainer, sum(map(len, train.values())))
            return task_members(own, network, table, member.seed, position, self._tables)
        return [
            StackMember(
                position, trainer, member.seed, tasks, schemas, network, table, train, validation
            )
        ]

    def _built(
        self, position: int, tasks: TaskSet, table: StackTable
    ) -> tuple[MultiTaskModule, Mapping[str, Schema]]:
        """The network of a member for some tasks, and its schemas."""
        member, architecture = self.members[position], self.recipe(position)[1]
        refusal = architecture.refuses(tasks)
        if refusal is not None:
            raise ParameterError(refusal)
        sources = {
            source: tasks.subset(own)
            for source, schema in table.schemas.items()
            if (own := [name for name in tasks.names if name in schema.targets])
        }
        schemas = self.data.own_schemas(member, sources)
        with within_memory(architecture.name, len(tasks)):
            network = architecture.build(schemas, tasks, member.seed)
        check_network(architecture, network)
        return network.to(self._device), schemas

    def _host(self, member: StackMember, names: tuple[str, ...]) -> MultiTaskModule | None:
        """The network of a member for more tasks."""
        if member.part:
            host = self.wholes[member.position][0].host(member.part, names)
            return None if host is None else host.to(self._device)
        return self._built(member.position, member.table.tasks.subset(names), member.table)[0]


def _whole(stacks: Sequence[Stack], alone: set[int]) -> list[Stack]:
    """Stacks without the tasks of networks of which another task is trained alone."""
    kept = [
        replace(stack, members=[m for m in stack.members if not m.part or m.position not in alone])
        for stack in stacks
    ]
    return [stack for stack in kept if stack.members]
