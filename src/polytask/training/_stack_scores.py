"""Validation losses of members that are trained side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from polytask.architectures import Raw
from polytask.architectures._stacked_networks import StackedNetworks
from polytask.training._average_members import average_members
from polytask.training._stack_batches import RowIndex, StackBatches
from polytask.training._stack_member import StackMember

__all__ = ["StackScores"]

_ROWS_AT_ONCE = 1 << 15
"""Rows of all members together that are scored at once."""
_WORTH_SHARING = 0.5
"""Share of the rows that count, from which all members score the same rows."""


class StackScores:
    """Mean losses of the validation rows of every member.

    Parameters
    ----------
    networks : StackedNetworks
    members : sequence of StackMember
    """

    def __init__(self, networks: StackedNetworks, members: Sequence[StackMember]) -> None:
        self.networks, self.members = networks, list(members)
        self.has_rows = all(member.table.validation is not None for member in members)
        if self.has_rows:
            self.batches = StackBatches(members, validation=True)

    def keep(self, ids: np.ndarray) -> None:
        """Remove all other members; the networks have done so."""
        self.members = [self.members[k] for k in ids.tolist()]
        if self.has_rows:
            self.batches.keep(ids)

    def losses(self, ids: np.ndarray) -> list[dict[str, float]]:
        """By member, the mean losses of its tasks with validation labels."""
        if not self.has_rows:
            return [{} for _ in ids]
        sums, counts = self._sums(ids)
        found = []
        for k, own_sums, own_counts in zip(ids.tolist(), sums, counts, strict=True):
            member = self.members[k]
            names = member.host.tasks.names
            means = (own_sums / own_counts.clamp(min=1e-30)).tolist()
            by_name = {
                name: mean if math.isfinite(mean) else math.inf
                for name, mean, count in zip(names, means, own_counts.tolist(), strict=True)
                if count > 0
            }
            found.append({n: by_name[n] for n in member.tasks.names if n in by_name})
        return found

    def _sums(self, ids: np.ndarray) -> tuple[Tensor, Tensor]:
        """Sums of losses and of labels, (n_members, n_tasks)."""
        index = {
            source: own
            for source in self.batches.stored
            if (own := self._index(source, ids)).places.numel()
        }
        shape = len(ids), len(self.members[0].host.tasks)
        if not index:
            return torch.zeros(shape), torch.zeros(shape)
        with torch.no_grad():
            rows = self.batches.rows(index, ids)
            raw = self._scored(index, ids, apart=rows.apart)
            sums, counts = self.batches.loss(ids).sums(self.batches.scores(raw), rows.labels)
        return sums.view(shape), counts.view(shape)

    def _index(self, source: str, ids: np.ndarray) -> RowIndex:
        """Rows that members score: the same for all where most of them count for each."""
        members = [self.members[k] for k in ids.tolist()]
        own = [member.validation.get(source, torch.arange(0)) for member in members]
        offsets = self.batches.offsets[source][ids]
        table = members[0].table.validation
        n_rows = 0 if table is None else table.rows[source].n_rows
        total = sum(map(len, own))
        if (offsets == offsets[0]).all() and total >= _WORTH_SHARING * n_rows * len(ids):
            index = torch.arange(n_rows) + int(offsets[0])
            return RowIndex(index.to(self.batches.device))
        width = max(map(len, own))
        index = torch.zeros(len(own), width, dtype=torch.int64)
        valid = torch.zeros(len(own), width, dtype=torch.bool)
        for k, rows in enumerate(own):
            index[k, : len(rows)] = rows + int(offsets[k])
            valid[k, : len(rows)] = True
        padded = None if bool(valid.all()) else valid.to(self.batches.device)
        return RowIndex(index.to(self.batches.device), padded)

    def _scored(self, index: dict[str, RowIndex], ids: np.ndarray, *, apart: bool) -> Raw:
        """Scores (n_members, n, …) of all rows, of the mean of an ensemble's members."""
        network = self.networks.template
        size = max(1, min(network.rows_at_once, _ROWS_AT_ONCE // len(ids)) // network.n_members)
        whole = len(ids) == len(self.members)
        members = None if whole else torch.from_numpy(ids).to(self.batches.device)
        raw: Raw = {}
        for source, own in index.items():
            parts: dict[tuple[str, str], list[Tensor]] = {}
            n_rows = own.places.shape[-1]
            for start in range(0, n_rows, size):
                chunk = RowIndex(own.places[..., start : start + size])
                rows = self.batches.inputs({source: chunk}, ids, apart=apart)
                scores, _ = self.networks.scores(rows, apart=apart, members=members, training=False)
                for key, of_rows in scores.items():
                    parts.setdefault(key, []).append(_averaged(self, of_rows, key))
            raw |= {key: torch.cat(own_parts, dim=1) for key, own_parts in parts.items()}
        return raw


def _averaged(scoring: StackScores, scores: Tensor, key: tuple[str, str]) -> Tensor:
    network = scoring.networks.template
    if network.n_members == 1:
        return scores
    flat = average_members(network, {key: scores.flatten(0, 1)})[key]
    return flat.view(len(scores), -1, *flat.shape[1:])
