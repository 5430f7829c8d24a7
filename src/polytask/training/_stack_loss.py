"""The loss of the tasks of several members, one member's after another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polytask.data import Block
from polytask.losses import MultiTaskLoss
from polytask.tasks import TaskSet
from polytask.training._stack_member import StackMember

__all__ = ["stack_loss"]


def stack_loss(members: Sequence[StackMember]) -> MultiTaskLoss:
    """A loss whose tasks are those of every member's network, one member after another.

    Parameters
    ----------
    members : sequence of StackMember
        Of one structure.
    """
    tasks = TaskSet(
        replace(task, name=_name(position, task.name), after=())
        for position, member in enumerate(members)
        for task in member.host.tasks
    )
    hosts = [member.host.blocks for member in members]
    return MultiTaskLoss([_block(list(own)) for own in zip(*hosts, strict=True)], tasks)


def _block(blocks: Sequence[Block]) -> Block:
    """A block with the tasks of the members' blocks of one place."""
    first = blocks[0]
    return replace(
        first,
        tasks=tuple(_name(k, name) for k, block in enumerate(blocks) for name in block.tasks),
        targets=tuple(target for block in blocks for target in block.targets),
        members=tuple(
            tuple(_name(k, n) for k, block in enumerate(blocks) for n in block.tasks_in(source))
            for source in first.sources
        ),
    )


def _name(position: int, task: str) -> str:
    return f"{position}/{task}"
