"""Encoded rows that members of a population share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, Block, MultiTaskDataset, Schema, SourceBatch, encode, make_blocks
from polytask.losses import MultiTaskLoss
from polytask.tasks import TaskSet
from polytask.training._tensors import to_tensors

__all__ = ["RowSet", "StackTable", "encoded_table", "source_table", "stack_table"]


@dataclass(frozen=True, eq=False)
class RowSet:
    """Encoded rows of every source with the labels of all tasks.

    Attributes
    ----------
    rows : mapping of source name to SourceBatch of tensors
    labelled : mapping of (source, task) to array of bool
        Which rows have a label of the task.
    """

    rows: Mapping[str, SourceBatch]
    labelled: Mapping[tuple[str, str], np.ndarray]

    def of_tasks(self, names: tuple[str, ...]) -> dict[str, Tensor]:
        """By source, the rows that are labelled for one of some tasks; sources that have none of them are left out."""
        found: dict[str, Tensor] = {}
        for source in self.rows:
            masks = [self.labelled[source, n] for n in names if (source, n) in self.labelled]
            if masks:
                found[source] = torch.from_numpy(np.flatnonzero(np.any(masks, axis=0)))
        return found


@dataclass(frozen=True, eq=False)
class StackTable:
    """Training and validation rows by the same schemas and row weights, of all tasks.

    Parameters
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
    blocks : sequence of Block
    train : RowSet
    validation : RowSet or None
    counts : mapping of task name to float
        Weight of the labels of the training rows.
    """

    tasks: TaskSet
    schemas: Mapping[str, Schema]
    blocks: Sequence[Block]
    train: RowSet
    validation: RowSet | None
    counts: Mapping[str, float]

    def block_of(self, task: str) -> Block:
        """The block of a task."""
        return next(block for block in self.blocks if task in block.tasks)

    @property
    def has_own_rows(self) -> bool:
        """Whether rows of a source have one task each."""
        return any(rows.task is not None for rows in self.train.rows.values())

    @property
    def shapes(self) -> tuple[object, ...]:
        """Equal for tables whose rows can be joined."""
        return tuple(
            (source, tuple((part, tuple(a.shape[1:])) for part, a in rows.inputs.items()))
            for source, rows in self.train.rows.items()
        ) + tuple(
            (b.name, b.target_shape, b.sources, tuple(map(len, b.members)), b.own_rows)
            for b in self.blocks
        )


def stack_table(
    train: MultiTaskDataset,
    validation: MultiTaskDataset | None,
    schemas: Mapping[str, Schema],
    device: torch.device,
) -> StackTable:
    """Encode the rows of a population, which have the row weights of its members, and none of weight 0."""
    blocks = make_blocks(train.tasks, schemas)

    def encoded(data: MultiTaskDataset) -> RowSet:
        known = [source for source in data.sources if source.name in schemas]
        rows = to_tensors(encode(known, train.tasks, schemas, blocks), device)
        return RowSet(rows, _labelled(rows, blocks, train.tasks))

    rows = encoded(train)
    counts = _label_counts(rows.rows, blocks, train.tasks, device)
    own = None if validation is None else encoded(validation)
    return StackTable(train.tasks, schemas, blocks, rows, own, counts)


def encoded_table(
    network: MultiTaskModule,
    schemas: Mapping[str, Schema],
    train: Batch,
    validation: Batch | None,
    device: torch.device,
) -> StackTable:
    """Rows that are encoded for a network of all tasks."""
    blocks, tasks = network.blocks, network.tasks
    rows, own = (
        None if given is None else RowSet(given, _labelled(given, blocks, tasks))
        for given in (train, validation)
    )
    counts = _label_counts(train, blocks, tasks, device)
    return StackTable(tasks, schemas, blocks, rows, own, counts)  # type: ignore[arg-type]


def source_table(table: StackTable, source: str, name: str) -> StackTable:
    """The rows of one source of a table, under another name."""
    blocks = [_of_source(block, source, name) for block in table.blocks if source in block.sources]

    def only(rows: RowSet) -> RowSet:
        own = rows.rows.get(source)
        if own is None:
            own = table.train.rows[source].take(slice(0, 0))
        return RowSet({name: own}, _labelled({name: own}, blocks, table.tasks))

    return replace(
        table,
        blocks=blocks,
        train=only(table.train),
        validation=None if table.validation is None else only(table.validation),
    )


def _label_counts(
    rows: Batch, blocks: Sequence[Block], tasks: TaskSet, device: torch.device
) -> dict[str, float]:
    """Weight of the labels of every task."""
    counts = MultiTaskLoss(blocks, tasks).to(device).counts(rows)
    return dict(zip(tasks.names, counts.tolist(), strict=True))


def _of_source(block: Block, source: str, name: str) -> Block:
    """A block in one source."""
    own_rows = frozenset([name] if source in block.own_rows else [])
    return replace(block, sources=(name,), members=(block.tasks_in(source),), own_rows=own_rows)


def _labelled(
    rows: Batch, blocks: Sequence[Block], tasks: TaskSet
) -> dict[tuple[str, str], Bool[np.ndarray, " n"]]:
    """Which rows of every source have a label of each of its tasks."""
    found = {}
    for source, own in rows.items():
        for block in blocks:
            for column, name in enumerate(block.tasks_in(source)):
                mask = own.labels(block.name).mask
                if own.task is None:
                    labelled = mask[:, column].flatten(1).any(dim=1)
                else:
                    labelled = mask.flatten(1).any(dim=1) & (own.task == tasks.index(name))
                found[source, name] = labelled.cpu().numpy()
    return found
