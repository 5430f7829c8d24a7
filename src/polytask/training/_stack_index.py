"""Rows that members draw, as positions among those of all sources and in each source."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from polytask.training._stack_batches import RowIndex, StackBatches
from polytask.training._stack_member import StackMember
from polytask.training._stack_orders import Drawn, OrderKey

__all__ = ["all_rows", "order_key", "rows_by_source", "source_counts"]


def order_key(member: StackMember, batch_size: int) -> OrderKey:
    """What the order of a member's rows follows from."""
    digest = hashlib.sha256(str(id(member.table)).encode())
    for name, rows in member.train.items():
        digest.update(name.encode())
        digest.update(rows.numpy().tobytes())
    n_rows = member.n_rows
    own = (digest.digest(), member.part) if member.part else (digest.digest(),)
    return OrderKey(n_rows, min(batch_size, n_rows), member.seed, *own)


def all_rows(member: StackMember) -> Tensor:
    """Rows of all sources, counted through those of the table one after another."""
    starts = _starts(member)
    return torch.cat([rows + starts[source] for source, rows in member.train.items()])


def _starts(member: StackMember) -> dict[str, int]:
    """Where each source begins among the rows of all."""
    sizes = [own.n_rows for own in member.table.train.rows.values()]
    return dict(zip(member.table.train.rows, np.cumsum([0, *sizes]).tolist(), strict=False))


def _bounds(members: Sequence[StackMember], source: str) -> Int64[np.ndarray, "n_members 2"]:
    """Where a source begins and ends among the rows of all, in the table of each member."""
    bounds = {}
    for table in {id(m.table): m for m in members}.values():
        start = _starts(table)[source]
        bounds[id(table.table)] = (start, start + table.table.train.rows[source].n_rows)
    return np.array([bounds[id(m.table)] for m in members])


def source_counts(drawn: Drawn, members: Sequence[StackMember]) -> Int64[np.ndarray, "n m"]:
    """Rows that each member has drawn of every source of its table, (n_members, n_sources)."""
    places = np.atleast_2d(drawn.places.numpy())
    counted = np.arange(places.shape[1]) < drawn.counts[:, None]
    counts = []
    for source in members[0].table.train.rows:
        bounds = _bounds(members, source)
        own = (places >= bounds[:, :1]) & (places < bounds[:, 1:]) & counted
        counts.append(own.sum(axis=1))
    return np.stack(counts, axis=1)


def rows_by_source(
    drawn: Drawn, members: Sequence[StackMember], batches: StackBatches, ids: np.ndarray
) -> dict[str, RowIndex]:
    """Rows drawn, as positions in what is stored of each source."""
    sources = list(batches.stored)
    offsets = {source: batches.offsets[source][ids] for source in sources}
    counts, width = drawn.counts, drawn.places.shape[-1]
    shared_table = all((own == own[0]).all() for own in offsets.values())
    index = drawn.places
    if not (drawn.shared and shared_table):
        index = index.expand(len(ids), width)
    valid = None
    if index.ndim == 2 and not (counts == width).all():
        valid = torch.from_numpy(np.arange(width) < counts[:, None])
    if len(sources) == 1:
        (source,) = sources
        first = _bounds(members, source)[:, 0]
        found = {source: RowIndex(_offset(index, offsets[source] - first), valid)}
    else:
        found = _split(index, valid, members, offsets)
    if batches.device.type == "cpu":
        return found
    return {source: own.to(batches.device) for source, own in found.items()}


def _offset(index: Tensor, offsets: np.ndarray) -> Tensor:
    if index.ndim == 1:
        return index + int(offsets[0]) if offsets[0] else index
    return index + torch.from_numpy(offsets)[:, None] if offsets.any() else index


def _split(
    index: Tensor,
    valid: Tensor | None,
    members: Sequence[StackMember],
    offsets: dict[str, np.ndarray],
) -> dict[str, RowIndex]:
    """Rows of each source, in the order in which they were drawn."""
    found = {}
    for source, offset in offsets.items():
        bounds = torch.from_numpy(_bounds(members, source))
        first, stop = bounds[0] if index.ndim == 1 else (bounds[:, :1], bounds[:, 1:])
        own = (index >= first) & (index < stop)
        own = own if valid is None else own & valid
        local = index - first
        if index.ndim == 1:
            rows = local[own]
            if len(rows):
                found[source] = RowIndex(_offset(rows, offset))
            continue
        counts = own.sum(dim=1)
        width = int(counts.max())
        if width:
            order = torch.sort((~own).to(torch.int8), dim=1, stable=True).indices[:, :width]
            counted = torch.arange(width) < counts[:, None]
            rows = torch.where(counted, local.gather(1, order), 0)
            padded = None if bool(counted.all()) else counted
            found[source] = RowIndex(_offset(rows, offset), padded)
    return found
