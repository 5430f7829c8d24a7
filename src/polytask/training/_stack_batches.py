"""Batches of members that are trained side by side: inputs of networks, labels of losses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from polytask.architectures import Raw
from polytask.data import Batch, BlockTargets, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.training._stack_loss import stack_loss
from polytask.training._stack_member import StackMember
from polytask.training._trimmed import trimmed

__all__ = ["RowIndex", "StackBatches", "StackRows"]


class RowIndex(NamedTuple):
    """Rows of one source.

    Attributes
    ----------
    places : tensor of int64
        (n,), the same for all members, or (n_members, n).
    valid : tensor of shape (n_members, n), bool, or None
        Which of them count; None for all.
    """

    places: Tensor
    valid: Tensor | None = None

    @property
    def shared(self) -> bool:
        """Whether all members have the same rows."""
        return self.places.ndim == 1

    def to(self, device: torch.device) -> RowIndex:
        """The same on a device."""
        return RowIndex(
            self.places.to(device), None if self.valid is None else self.valid.to(device)
        )


class StackRows(NamedTuple):
    """Rows of some members for a pass.

    Attributes
    ----------
    inputs : Batch
        For the networks; with a leading axis over the members where they are apart.
    labels : Batch
        For the loss of the stack's tasks.
    apart : bool
    """

    inputs: Batch
    labels: Batch
    apart: bool


class StackBatches:
    """Gathers rows of the tables of members, and forms their scores as their loss takes them.

    Parameters
    ----------
    members : sequence of StackMember
        Of one structure.
    validation : bool
        Whether rows are the validation rows.
    """

    def __init__(self, members: Sequence[StackMember], *, validation: bool = False) -> None:
        self.members = list(members)
        tables = list(dict.fromkeys(member.table for member in members))
        sets = [table.validation if validation else table.train for table in tables]
        stored = [own.rows for own in sets if own is not None]
        host = members[0].host
        known = [source for source in host.sources if source in stored[0]]
        self.stored: dict[str, SourceBatch] = {s: _joined([t[s] for t in stored]) for s in known}
        of_table = [tables.index(member.table) for member in members]
        self.offsets = {
            source: np.cumsum([0, *(table[source].n_rows for table in stored)])[:-1][of_table]
            for source in known
        }
        self.blocks, self.n_tasks = host.blocks, len(host.tasks)
        self.own_rows = frozenset(source for block in host.blocks for source in block.own_rows)
        self.n_scored = host.n_members
        self._columns: dict[tuple[str, str], Tensor] = {}
        self._own: dict[tuple[str, str], Tensor | None] = {}
        self.device = next(host.parameters()).device
        self._lookup: dict[str, Tensor] = {}
        for source in known:
            lookups = torch.stack([_task_lookup(m) for m in members])
            self._lookup[source] = lookups.to(self.device)
            for block in self.blocks:
                if source in block.sources:
                    self._add_columns(source, block.name)
        self.table_blocks = {
            block.name: members[0].table.block_of(member_tasks[0]).name
            for block in self.blocks
            for member_tasks in [_block_tasks(members[0], block.name)]
        }
        self._losses: dict[bytes, MultiTaskLoss] = {}

    def _add_columns(self, source: str, block: str) -> None:
        """Columns of the table's labels that are the host's tasks, by member, and which it trains."""
        columns, own = [], []
        for member in self.members:
            names = next(b for b in member.host.blocks if b.name == block).tasks_in(source)
            of_table = member.table.block_of(names[0]).tasks_in(source)
            columns.append([of_table.index(name) for name in names])
            own.append([name in member.tasks.names for name in names])
        self._columns[source, block] = torch.tensor(columns, device=self.device)
        mask = torch.tensor(own, device=self.device)
        self._own[source, block] = None if bool(mask.all()) else mask

    def keep(self, ids: np.ndarray) -> None:
        """Remove all other members."""
        places = torch.from_numpy(ids).to(self.device)
        self.members = [self.members[k] for k in ids.tolist()]
        self.offsets = {source: own[ids] for source, own in self.offsets.items()}
        self._lookup = {source: own[places] for source, own in self._lookup.items()}
        self._columns = {key: own[places] for key, own in self._columns.items()}
        self._own = {k: None if own is None else own[places] for k, own in self._own.items()}
        self._losses.clear()

    def loss(self, ids: np.ndarray) -> MultiTaskLoss:
        """The loss of the tasks of some members, one after another."""
        key = ids.tobytes()
        if key not in self._losses:
            if len(self._losses) > 64:
                self._losses.clear()
            own = [self.members[k] for k in ids.tolist()]
            self._losses[key] = stack_loss(own).to(self.device)
        return self._losses[key]

    def rows(self, index: Mapping[str, RowIndex], ids: np.ndarray) -> StackRows:
        """Rows of some members, by source.

        Rows that some members share are gathered once if all sources are shared.
        """
        apart = not all(own.shared for own in index.values()) or self._tasks_differ(index, ids)
        labels = {source: self._labels(source, own, ids) for source, own in index.items()}
        return StackRows(self.inputs(index, ids, apart=apart), labels, apart)

    def inputs(
        self, index: Mapping[str, RowIndex], ids: np.ndarray, *, apart: bool
    ) -> dict[str, SourceBatch]:
        """Inputs of some members, with a leading axis over them if they are apart."""
        inputs = {}
        for source, rows in index.items():
            own = rows
            if apart and rows.shared:
                own = RowIndex(rows.places.expand(len(ids), -1), rows.valid)
            inputs[source] = self._inputs(source, own, ids)
        return inputs

    def _tasks_differ(self, sources: Collection[str], ids: np.ndarray) -> bool:
        """Whether the task of a row stands at another place in the networks of some members."""
        members = torch.from_numpy(ids).to(self.device)
        own = [self._lookup[s][members] for s in sources if s in self.own_rows]
        return any(bool((lookup != lookup[0]).any()) for lookup in own)

    def _inputs(self, source: str, own: RowIndex, ids: np.ndarray) -> SourceBatch:
        stored = self.stored[source]
        parts = {name: array[own.places] for name, array in stored.inputs.items()}
        cut = trimmed(SourceBatch(parts), axis=1 if own.shared else 2)
        task = None
        if source in self.own_rows and stored.task is not None:
            task = stored.task[own.places]
            lookup = self._lookup[source][torch.from_numpy(ids).to(self.device)]
            task = lookup[0][task] if own.shared else lookup.gather(1, task)
            task = task.clamp(min=0)
        return replace(cut, task=task)

    def _labels(self, source: str, own: RowIndex, ids: np.ndarray) -> SourceBatch:
        """Labels of the stack's tasks, with rows first."""
        stored, members = self.stored[source], torch.from_numpy(ids).to(self.device)
        targets = {}
        carried = [block for block in self.blocks if source in block.sources]
        virtual = None
        for block in carried:
            labels = stored.labels(self.table_blocks[block.name])
            if stored.task is None:
                columns = self._columns[source, block.name][members]
                allowed = self._own[source, block.name]
                targets[block.name] = _dense(labels, own, columns)
                if allowed is not None or own.valid is not None:
                    flat = None if allowed is None else allowed[members]
                    targets[block.name] = _masked(targets[block.name], flat, own.valid)
                continue
            index = own.places.expand(len(ids), -1) if own.shared else own.places
            local = self._lookup[source][members].gather(1, stored.task[index])
            if source not in self.own_rows:
                targets[block.name] = _lone(labels, index, local, own.valid)
                continue
            counted = local >= 0
            starts = torch.arange(len(ids), device=self.device) * self.n_tasks
            counted = counted if own.valid is None else counted & own.valid
            virtual = (local.clamp(min=0) + starts[:, None]).flatten()
            targets[block.name] = _own_rows(labels, index.flatten(), counted.flatten())
        some = next(iter(targets.values())).values
        return SourceBatch({"rows": some}, task=virtual, targets=targets)

    def scores(self, raw: Raw) -> Raw:
        """Scores of all members as their loss takes them: rows first, tasks of one member together."""
        formed = {}
        for (source, block), scores in raw.items():
            if source not in self.own_rows:
                formed[source, block] = scores.float().transpose(0, 1).flatten(1, 2)
            else:
                formed[source, block] = scores.float().flatten(0, 1)
        return formed


def _joined(tables: Sequence[SourceBatch]) -> SourceBatch:
    """Rows of several tables, one after another."""
    if len(tables) == 1:
        return tables[0]
    first = tables[0]
    inputs = {name: torch.cat([t.inputs[name] for t in tables]) for name in first.inputs}
    task = None if first.task is None else torch.cat([t.task for t in tables if t.task is not None])
    targets = {
        name: _joined_targets([t.labels(name) for t in tables]) for name in first.targets or {}
    }
    return SourceBatch(inputs, task=task, targets=targets)


def _joined_targets(tables: Sequence[BlockTargets]) -> BlockTargets:
    weight = None
    if any(table.weight is not None for table in tables):
        weight = torch.cat([_weight(table) for table in tables])
    values = torch.cat([table.values for table in tables])
    return BlockTargets(values, torch.cat([table.mask for table in tables]), weight)


def _weight(labels: BlockTargets) -> Tensor:
    """Weights of the labels; 1 unless given. Labels have one axis of cells more."""
    if labels.weight is not None:
        given: Tensor = labels.weight
        return given
    return torch.ones(labels.values.shape[:-1], device=labels.values.device)


def _block_tasks(member: StackMember, block: str) -> tuple[str, ...]:
    return next(b for b in member.host.blocks if b.name == block).tasks


def _task_lookup(member: StackMember) -> Tensor:
    """Position among the host's tasks of every task of the table; −1 where it is not trained."""
    lookup = torch.full((len(member.table.tasks),), -1)
    for k, name in enumerate(member.host.tasks.names):
        if name in member.tasks.names:
            lookup[member.table.tasks.index(name)] = k
    return lookup


def _dense(labels: BlockTargets, own: RowIndex, columns: Tensor) -> BlockTargets:
    """Labels (n, n_members · n_tasks, …) of each member's tasks."""
    flat = columns.flatten()
    if own.shared:
        return labels.map(lambda array: array[own.places].index_select(1, flat))
    rows = own.places.T[:, :, None]
    return labels.map(lambda array: array[rows, columns[None]].flatten(1, 2))


def _masked(targets: BlockTargets, own: Tensor | None, valid: Tensor | None) -> BlockTargets:
    """Labels without those of tasks that a member does not train, and of padding."""
    mask = targets.mask
    if own is not None:
        mask = mask & own.flatten().view(1, -1, *[1] * (mask.ndim - 2))
    if valid is not None:
        n_tasks = mask.shape[1] // len(valid)
        counted = valid.T.repeat_interleave(n_tasks, dim=1)
        mask = mask & counted.view(*counted.shape, *[1] * (mask.ndim - 2))
    return BlockTargets(targets.values, mask, targets.weight)


def _lone(labels: BlockTargets, index: Tensor, local: Tensor, valid: Tensor | None) -> BlockTargets:
    """Labels (n, n_members, …) of the rows of each member's only task, out of rows of one task each."""
    own = labels.map(lambda array: array[index].transpose(0, 1))
    counted = (local >= 0 if valid is None else (local >= 0) & valid).T
    mask = own.mask & counted.view(*counted.shape, *[1] * (own.mask.ndim - 2))
    return BlockTargets(own.values, mask, own.weight)


def _own_rows(labels: BlockTargets, index: Tensor, counted: Tensor) -> BlockTargets:
    """Labels (n_members · n, …) of rows of one task each."""
    own = labels.map(lambda array: array[index])
    mask = own.mask & counted.view(-1, *[1] * (own.mask.ndim - 1))
    return BlockTargets(own.values, mask, own.weight)
