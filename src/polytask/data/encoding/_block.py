"""Blocks: tasks of the same kind, shapes and loss, across sources."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polytask.data.encoding._schema import Schema
from polytask.tasks import FittedTarget, Kind, TaskSet

__all__ = ["Block", "make_blocks", "tasks_in_source"]


@dataclass(frozen=True)
class Block:
    """Tasks whose heads, losses and metrics are one tensor operation.

    Parameters
    ----------
    name : str
        Unique among a network's blocks, such as ``"binary-1"``.
    kind : Kind
    target_shape, score_shape : tuple of int
        Shape per row and task of the encoded label, and of the raw scores.
    loss : Loss, str or None
        The tasks' own loss; None for the kind's default.
    tasks : tuple of str
        The block's tasks, in the order of the task set.
    targets : tuple of FittedTarget
        Their fitted targets, in the same order.
    sources : tuple of str
        The sources that have them, in the order of the data set.
    members : tuple of tuple of str
        The tasks of each source, parallel to `sources`.
    own_rows : frozenset of str
        The sources whose rows belong to one task each; a row gathers the head of its task.

    Examples
    --------
    >>> from polytask.data import MultiTaskDataset, fit_schemas, make_blocks
    >>> table = {"age": [31, 44, 28], "rich": [0, 1, 0], "single": ["yes", "no", None]}
    >>> data = MultiTaskDataset.from_table(table, ["rich", "single"])
    >>> [(block.name, block.tasks) for block in make_blocks(data.tasks, fit_schemas(data))]
    [('binary-1-0', ('rich', 'single'))]
    """

    name: str
    kind: Kind
    target_shape: tuple[int, ...]
    score_shape: tuple[int, ...]
    loss: object
    tasks: tuple[str, ...]
    targets: tuple[FittedTarget, ...]
    sources: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    own_rows: frozenset[str]

    @property
    def size(self) -> int:
        """Number of raw scores per task."""
        return math.prod(self.score_shape)

    @property
    def has_steps(self) -> bool:
        """Whether the steps of a sequence are labelled, rather than the row."""
        return self.kind.form == "sequence"

    @property
    def has_pixels(self) -> bool:
        """Whether the pixels of an image are labelled, rather than the row."""
        return self.kind.form == "map"

    @property
    def has_places(self) -> bool:
        """Whether the steps or the pixels of a row are labelled, rather than the row."""
        return self.kind.form != "vector"

    @property
    def head_size(self) -> int:
        """Number of raw scores that a task's head gives: of a row, of a step, or of a pixel."""
        if self.has_pixels:
            return self.score_shape[0]
        return math.prod(self.score_shape[1:]) if self.has_steps else self.size

    @property
    def n_cells(self) -> int:
        """Number of label cells per task."""
        return math.prod(self.target_shape)

    def positions(self, names: Sequence[str]) -> list[int]:
        """The position in the block of every name; 0 for names of other tasks."""
        known = {name: position for position, name in enumerate(self.tasks)}
        return [known.get(name, 0) for name in names]

    def tasks_in(self, source: str) -> tuple[str, ...]:
        """The block's tasks in a source."""
        return self.members[self.sources.index(source)] if source in self.sources else ()


def tasks_in_source(source: str, blocks: Sequence[Block], names: Sequence[str]) -> tuple[str, ...]:
    """The tasks of a source in any block, in the order of `names`."""
    carried = {name for block in blocks for name in block.tasks_in(source)}
    return tuple(name for name in names if name in carried)


def make_blocks(tasks: TaskSet, schemas: Mapping[str, Schema]) -> tuple[Block, ...]:
    """Group tasks into blocks by kind, shapes of labels and scores, and loss.

    Parameters
    ----------
    tasks : TaskSet
        All tasks, with their kinds.
    schemas : mapping of source name to Schema
        Fitted schemas, in the order of the data set's sources.
    """
    gathered: list[tuple[tuple[object, ...], list[str]]] = []
    targets: dict[str, FittedTarget] = {}
    for task in tasks:
        schema = next(schema for schema in schemas.values() if task.name in schema.targets)
        fitted = targets[task.name] = schema.targets[task.name]
        kind = task.known_kind
        shapes = kind.target_shape(fitted), kind.score_shape(fitted)
        key = (kind.block_key, shapes, task.loss)
        names = next((names for known, names in gathered if known == key), None)
        if names is None:
            gathered.append((key, [task.name]))
        else:
            names.append(task.name)
    return tuple(
        _block(position, names, tasks, targets, schemas)
        for position, (_, names) in enumerate(gathered)
    )


def _block(
    position: int,
    names: list[str],
    tasks: TaskSet,
    targets: Mapping[str, FittedTarget],
    schemas: Mapping[str, Schema],
) -> Block:
    first = tasks[names[0]]
    kind, target = first.known_kind, targets[first.name]
    score_shape = kind.score_shape(target)
    members = {
        source: tuple(name for name in names if name in schema.targets)
        for source, schema in schemas.items()
    }
    members = {source: carried for source, carried in members.items() if carried}
    return Block(
        f"{kind.name}-{math.prod(score_shape)}-{position}",
        kind,
        kind.target_shape(target),
        score_shape,
        first.loss,
        tuple(names),
        tuple(targets[name] for name in names),
        tuple(members),
        tuple(members.values()),
        frozenset(source for source in members if schemas[source].own_rows),
    )
