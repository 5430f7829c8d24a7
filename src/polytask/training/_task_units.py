"""Networks of single tasks that take their steps together: in a stack, or one by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from polytask.architectures import MultiTaskModule
from polytask.bookkeeping import EpochRecord, History
from polytask.exceptions import NonFiniteLossError
from polytask.training._device import make_fabric
from polytask.training._member_batch import member_batch
from polytask.training._run_state import noise, set_noise
from polytask.training._stack_member import StackMember
from polytask.training._stack_run import StackRun
from polytask.training._stack_state import restore_members, stack_state
from polytask.training._stacking import Stack
from polytask.training._training_run import TrainingRun

__all__ = ["LoneTask", "StackedTasks", "TaskUnit"]

OnEnd = Callable[[StackMember, History], None]


class TaskUnit(ABC):
    """Networks of single tasks that take their steps together.

    Parameters
    ----------
    on_end : callable
        Receives every member that has ended, its network in its best state, with its history.
    """

    def __init__(self, on_end: OnEnd) -> None:
        self.on_end = on_end

    @property
    @abstractmethod
    def tasks(self) -> tuple[str, ...]:
        """Those that have not ended."""

    @abstractmethod
    def begin(self) -> None:
        """Begin to train, or to go on."""

    @abstractmethod
    def advance(self) -> dict[str, EpochRecord]:
        """Train up to the next evaluation; return its record of each task."""

    @abstractmethod
    def networks(self) -> Iterator[tuple[str, MultiTaskModule]]:
        """The networks that have not ended, as they are now."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that an exact resume needs."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""


class StackedTasks(TaskUnit):
    """Members of one structure, over stacked parameters.

    Parameters
    ----------
    stack : Stack
    on_end : callable
    """

    def __init__(self, stack: Stack, on_end: OnEnd) -> None:
        super().__init__(on_end)
        self.stack = stack
        self.run = self._run(stack.members)

    def _run(self, members: list[StackMember]) -> StackRun:
        stack = self.stack
        return StackRun(
            members, stack.changing, rows_together=stack.rows_together, on_end=self._end
        )

    def _end(self, member: StackMember, result: History | NonFiniteLossError) -> None:
        if isinstance(result, NonFiniteLossError):
            raise result
        self.on_end(member, result)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that have not ended."""
        return tuple(member.part for member in self.run.members)

    def begin(self) -> None:
        """Begin to train, or to go on."""
        self.run.begin()

    def advance(self) -> dict[str, EpochRecord]:
        """Train up to the next evaluation; return its record of each task."""
        return {member.part: record for member, record in self.run.advance()}

    def networks(self) -> Iterator[tuple[str, MultiTaskModule]]:
        """The networks that have not ended, as they are now."""
        for position, member in enumerate(self.run.members):
            member.load(self.run.networks.state(position))
            yield member.part, member.network

    def state(self) -> dict[str, Any]:
        """All that an exact resume needs."""
        return {"tasks": self.tasks, **(stack_state(self.run) if self.tasks else {})}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        own = {member.part: member for member in self.stack.members}
        members = [own[name] for name in state["tasks"]]
        if members:
            self.run = self._run(members)
            restore_members(self.run, state)
        else:
            self.run.members = []


class LoneTask(TaskUnit):
    """A member by itself, with noise of its own.

    Parameters
    ----------
    member : StackMember
    on_end : callable
    """

    def __init__(self, member: StackMember, on_end: OnEnd) -> None:
        super().__init__(on_end)
        self.member = member
        trainer, table, network = member.trainer, member.table, member.network
        fabric = make_fabric(trainer.accelerator, trainer.precision)
        validation = {}
        if table.validation is not None:
            validation = member_batch(table, table.validation, member.validation, network)
        self.run = TrainingRun(
            trainer,
            fabric,
            network,
            member.tasks,
            member_batch(table, table.train, member.train, network),
            validation or None,
            member.seed,
            part=member.part,
        )
        self.run.epoch = member.epoch or self.run.epoch
        self._noise = noise(fabric.device)
        self._ended = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that have not ended."""
        return () if self._ended else (self.member.part,)

    def begin(self) -> None:
        """Begin to train, or to go on."""
        self.run.begin()

    def advance(self) -> dict[str, EpochRecord]:
        """Train up to the next evaluation; return its record of each task."""
        set_noise(self.run.fabric.device, self._noise)
        record = self.run.advance()
        self._noise = noise(self.run.fabric.device)
        if self.run.ended:
            self._ended = True
            self.on_end(self.member, self.run.finish())
        return {self.member.part: record}

    def networks(self) -> Iterator[tuple[str, MultiTaskModule]]:
        """The networks that have not ended, as they are now."""
        for name in self.tasks:
            yield name, self.member.network

    def state(self) -> dict[str, Any]:
        """All that an exact resume needs."""
        if self._ended:
            return {"tasks": ()}
        return {"tasks": self.tasks, **self.run.state(), "noise": self._noise}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        self._ended = not state["tasks"]
        if not self._ended:
            self.run.restore(state)
            self._noise = state["noise"]
