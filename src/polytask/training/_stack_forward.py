"""Losses of batches of members that are trained side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.architectures._size_groups import size_groups
from polytask.architectures._stacked_networks import StackedNetworks
from polytask.training._stack_batches import StackBatches, StackRows
from polytask.training._stack_index import rows_by_source, source_counts
from polytask.training._stack_member import StackMember
from polytask.training._stack_orders import Drawn, StackOrders

__all__ = ["StackForward"]


class StackForward:
    """Draws the batches of all members, and runs their networks up to the losses.

    Parameters
    ----------
    networks : StackedNetworks
    members : sequence of StackMember
    orders : StackOrders
    rows_together : bool
        Whether members run only with those that have as many rows of every source.

    Attributes
    ----------
    generators : list of torch.Generator
        What each member's noise draws from.
    lacks_source : array of shape (n_members,), bool
        Whose last batch has no row of one of its sources.
    """

    def __init__(
        self,
        networks: StackedNetworks,
        members: Sequence[StackMember],
        orders: StackOrders,
        *,
        rows_together: bool,
    ) -> None:
        self.networks, self.members, self.orders = networks, list(members), orders
        self.rows_together, self.host = rows_together, networks.template
        self.generators = [
            torch.Generator().manual_seed(
                derived_seed(m.seed, *([m.part] if m.part else []), "noise")
            )
            for m in members
        ]
        self.batches = StackBatches(self.members)
        self._gathered: dict[bytes, StackRows] = {}
        self.device = self.batches.device
        self.expected = self._expected().to(self.device)
        self.lacks_source: Bool[np.ndarray, " n_members"] = np.zeros(len(self.members), dtype=bool)
        self._n_numbers = sum(p[0].numel() for p in networks.parameters.values())
        sources = list(self.members[0].table.train.rows)
        self._reads = np.array([[s in m.network.sources for s in sources] for m in members])

    def _expected(self) -> Tensor:
        """Labels expected in a batch, (n_members, n_tasks)."""
        expected = torch.ones(len(self.members), len(self.host.tasks))
        sizes = self.orders.batch_sizes.tolist()
        for k, (member, size) in enumerate(zip(self.members, sizes, strict=True)):
            for column, task in zip(member.columns.tolist(), member.tasks, strict=True):
                expected[k, column] = member.table.counts[task.name] * (size / member.n_rows)
        return expected

    def __call__(self, position: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """Losses (n_members, n_tasks) of a batch, which are present, and the sum of penalties."""
        drawn = self.orders.drawn(position, np.arange(len(self.members)))
        passes = list(self._passes(drawn))
        parts = [self._pass(own, ids, whole=len(passes) == 1) for own, ids in passes]
        if len(parts) == 1:
            return parts[0]
        order = torch.from_numpy(np.argsort(np.concatenate([ids for _, ids in passes])))
        order = order.to(self.device)
        losses = torch.cat([own for own, _, _ in parts])[order]
        present = torch.cat([own for _, own, _ in parts])[order]
        penalties = [own for _, _, own in parts if own is not None]
        return losses, present, torch.stack(penalties).sum() if penalties else None

    def _passes(self, drawn: Drawn) -> Iterator[tuple[Drawn, np.ndarray]]:
        """Rows of members that run together."""
        counts, everyone = drawn.counts, np.arange(len(self.members))
        sizes = counts[:, None]
        if self._reads.shape[1] > 1:
            sizes = source_counts(drawn, self.members)
            self.lacks_source = ((sizes == 0) & self._reads).any(axis=1)
        lone = len(self.batches.stored) == 1 or not self.rows_together
        if drawn.shared or (lone and (counts == counts[0]).all()):
            yield drawn, everyone
            return
        if self.rows_together:
            groups = [np.flatnonzero((sizes == s).all(axis=1)) for s in np.unique(sizes, axis=0)]
        else:
            own = size_groups(counts.tolist(), self._n_numbers)
            groups = [np.array(g.places) for g in own] if own else [everyone]
        for ids in groups:
            width = int(counts[ids].max())
            yield Drawn(drawn.places[torch.from_numpy(ids), :width], counts[ids]), ids

    def _pass(
        self, drawn: Drawn, ids: np.ndarray, *, whole: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        rows = self._rows(drawn, ids)
        raw, penalty = self.networks.scores(
            rows.inputs,
            apart=rows.apart,
            members=None if whole else torch.from_numpy(ids).to(self.device),
            training=True,
            generators=self.generators,
        )
        loss, n_scored = self.batches.loss(ids), self.host.n_members
        loss.expected = self.expected[torch.from_numpy(ids).to(self.device)].flatten()
        labels = {name: own.repeated(n_scored) for name, own in rows.labels.items()}
        losses, present = loss(self.batches.scores(raw), labels)
        shape = len(ids), len(self.host.tasks)
        return losses.view(shape) / n_scored, present.view(shape), penalty

    def _rows(self, drawn: Drawn, ids: np.ndarray) -> StackRows:
        """Rows of some members, gathered once if they are the same in every step."""
        key = ids.tobytes()
        if key not in self._gathered:
            own = [self.members[k] for k in ids.tolist()]
            rows = self.batches.rows(rows_by_source(drawn, own, self.batches, ids), ids)
            if not self.orders.fixed:
                return rows
            self._gathered[key] = rows
        return self._gathered[key]

    def keep(self, kept: np.ndarray) -> None:
        """Remove all other members; the networks and orders have done so."""
        self.members = [self.members[k] for k in kept.tolist()]
        self.generators = [self.generators[k] for k in kept.tolist()]
        self.batches.keep(kept)
        self._gathered.clear()
        self.expected = self.expected[torch.from_numpy(kept).to(self.device)]
        self.lacks_source, self._reads = self.lacks_source[kept], self._reads[kept]
