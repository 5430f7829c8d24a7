"""Tasks of the same kind, output size and loss form a block, across sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polytask.data._schema import Schema
from polytask.tasks import FittedTarget, Kind, TaskSet

__all__ = ["Block", "make_blocks"]


@dataclass(frozen=True)
class Block:
    """Tasks whose heads, losses and metrics are one tensor operation.

    Parameters
    ----------
    name : str
        Unique among a network's blocks, such as ``"binary-1"``.
    kind : Kind
    size : int
        Raw scores a task.
    loss : Loss, str or None
        The loss the tasks asked for; None for the kind's default.
    tasks : tuple of str
        The block's tasks, in the order of the task set.
    targets : tuple of FittedTarget
        What was learned of their targets, in the same order.
    sources : tuple of str
        The sources that carry them, in the order of the data set.
    own_rows : bool
        Whether each row belongs to exactly one of the tasks, whose head it then gathers.
    """

    name: str
    kind: Kind
    size: int
    loss: object
    tasks: tuple[str, ...]
    targets: tuple[FittedTarget, ...]
    sources: tuple[str, ...]
    own_rows: bool

    @property
    def n_columns(self) -> int:
        """Label columns a task."""
        return len(self.targets[0].columns)


def make_blocks(tasks: TaskSet, schemas: Mapping[str, Schema]) -> tuple[Block, ...]:
    """Gather tasks into blocks by kind, size, number of label columns and loss.

    Parameters
    ----------
    tasks : TaskSet
        All tasks, kinds settled.
    schemas : mapping of source name to Schema
        Fitted schemas, in the order of the data set's sources.
    """
    members: dict[tuple[object, ...], list[str]] = {}
    targets: dict[str, FittedTarget] = {}
    for task in tasks:
        schema = next(schema for schema in schemas.values() if task.name in schema.targets)
        fitted = targets[task.name] = schema.targets[task.name]
        key = (type(task.known_kind), fitted.size, len(fitted.columns), task.loss)
        members.setdefault(key, []).append(task.name)
    blocks = []
    for position, names in enumerate(members.values()):
        kind, size = tasks[names[0]].known_kind, targets[names[0]].size
        carrying = {
            name: sum(task in schema.targets for task in names) for name, schema in schemas.items()
        }
        sources = tuple(name for name, count in carrying.items() if count)
        own = any(schemas[name].own_rows for name in sources) or len(sources) > 1
        own = own and all(schemas[name].own_rows or carrying[name] == 1 for name in sources)
        blocks.append(
            Block(
                f"{kind.name}-{size}-{position}",
                kind,
                size,
                tasks[names[0]].loss,
                tuple(names),
                tuple(targets[name] for name in names),
                sources,
                own,
            )
        )
    return tuple(blocks)
