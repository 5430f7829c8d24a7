"""Encoded rows that members of a population share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from polytask.data import (
    Block,
    MultiTaskDataset,
    Schema,
    SourceBatch,
    encode,
    make_blocks,
)
from polytask.losses import MultiTaskLoss
from polytask.tasks import TaskSet
from polytask.training._tensors import to_tensors

__all__ = ["RowSet", "StackTable"]


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


class StackTable:
    """Training and validation rows by the same schemas and row weights, of all tasks.

    Parameters
    ----------
    train : MultiTaskDataset
        With the row weights of the members, without rows of weight 0.
    validation : MultiTaskDataset or None
    schemas : mapping of source name to Schema
    device : torch.device
    """

    def __init__(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        schemas: Mapping[str, Schema],
        device: torch.device,
    ) -> None:
        self.tasks: TaskSet = train.tasks
        self.schemas = schemas
        self.blocks: tuple[Block, ...] = make_blocks(train.tasks, schemas)
        self.train = self._encoded(train, device)
        self.validation = None if validation is None else self._encoded(validation, device)
        counts = MultiTaskLoss(self.blocks, self.tasks).to(device).counts(self.train.rows)
        self.counts: dict[str, float] = dict(zip(self.tasks.names, counts.tolist(), strict=True))

    def _encoded(self, data: MultiTaskDataset, device: torch.device) -> RowSet:
        known = [source for source in data.sources if source.name in self.schemas]
        rows = to_tensors(encode(known, self.tasks, self.schemas, self.blocks), device)
        labelled = {}
        for source in known:
            for name in source.tasks.names:
                mask = np.zeros(source.n_rows, dtype=bool)
                mask[source.labelled().rows(name)] = True
                labelled[source.name, name] = mask
        return RowSet(rows, labelled)

    def block_of(self, task: str) -> Block:
        """The block of a task."""
        return next(block for block in self.blocks if task in block.tasks)

    @property
    def shapes(self) -> tuple[object, ...]:
        """Equal for tables whose rows can be joined."""
        return tuple(
            (source, tuple((part, tuple(a.shape[1:])) for part, a in rows.inputs.items()))
            for source, rows in self.train.rows.items()
        ) + tuple((b.name, b.tasks, b.target_shape, b.sources) for b in self.blocks)
