"""What an adaptive network knows of its tasks: affinities, groups, ratios, and who left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from polytask.architectures import Owned, Owner
from polytask.search._ratio_of_sharing import affinity_of, grouped, ratio_of
from polytask.tasks import TaskSet

__all__ = ["Hysteresis", "SharingState"]

_SMOOTHING = 0.5
_NOISE = 0.5
"""Standard error of a relative difference of losses, times the root of the number of rows."""


@dataclass(frozen=True)
class Hysteresis:
    """When states change; see `polytask.search.Adaptive`."""

    lower: float
    upper: float
    looks: int


class SharingState(Owner):
    """Buffers that follow how tasks are related, and what follows from them for sharing.

    Attributes
    ----------
    looks : tensor, int64
        Evaluations so far.
    explained : tensor of shape (k, k)
        Smoothed correlations of labels (rows) and scores of own networks (columns).
    own : tensor of shape (k,)
        Those of tasks with their own networks, on validation rows.
    counts : tensor of shape (k,)
        Labelled rows.
    affinity, ratio : tensor of shape (k, k)
    groups : tensor of shape (k,), int64
    proposed, agreed : tensors
        Groups that the last evaluations proposed, and how many of them in a row.
    best, answer : tensors of shape (k,)
        Lowest validation losses of each task's own network, and of the network that answered.
    gain : tensor of shape (k,)
        Smoothed relative gain of the coupled network over the own one.
    alone : tensor of shape (k,), bool
        Tasks whose answers come from their own networks.
    doubts : tensor of shape (k,), int64
        Evaluations in a row that spoke against a task's state.
    """

    explained: Tensor
    own: Tensor
    counts: Tensor
    affinity: Tensor
    ratio: Tensor
    groups: Tensor
    proposed: Tensor
    agreed: Tensor
    looks: Tensor
    best: Tensor
    answer: Tensor
    gain: Tensor
    alone: Tensor
    doubts: Tensor

    def __init__(self, tasks: TaskSet, hysteresis: Hysteresis) -> None:
        super().__init__()
        self.tasks, self.hysteresis = tasks, hysteresis
        size = len(tasks)
        for name in ("explained", "affinity", "ratio"):
            self.register_buffer(name, torch.zeros(size, size, dtype=torch.float64))
        for name in ("own", "counts", "gain"):
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))
        for name in ("best", "answer"):
            self.register_buffer(name, torch.full((size,), torch.inf, dtype=torch.float64))
        self.register_buffer("groups", torch.arange(size))
        self.register_buffer("proposed", torch.arange(size))
        self.register_buffer("agreed", torch.zeros((), dtype=torch.int64))
        self.register_buffer("looks", torch.zeros((), dtype=torch.int64))
        self.register_buffer("doubts", torch.zeros(size, dtype=torch.int64))
        self.register_buffer("alone", torch.zeros(size, dtype=torch.bool))

    def owners(self) -> Sequence[Owned]:
        """None: no score depends on them."""
        return [Owned(buffer, ()) for buffer in self.buffers()]

    # ── what is measured ─────────────────────────────────────────────────────────────────────

    def improved(self, losses: Mapping[str, float] | None) -> Tensor:
        """Tasks whose own networks are better than ever, by their validation losses.

        Tasks without any are taken to be.
        """
        return self._lower("best", torch.ones(len(self.tasks), dtype=torch.bool), losses)

    def answered(self, chosen: Tensor, losses: Mapping[str, float] | None) -> Tensor:
        """Those of the chosen tasks that are answered better than ever, by their validation losses.

        Tasks without any are taken to be.
        """
        return self._lower("answer", chosen, losses)

    def _lower(self, name: str, chosen: Tensor, losses: Mapping[str, float] | None) -> Tensor:
        """Chosen tasks whose losses are below the lowest so far, which is kept."""
        known, lowest = losses or {}, self.get_buffer(name)
        now = [known.get(task, -torch.inf) for task in self.tasks.names]
        losses_now = torch.tensor(now, dtype=torch.float64)
        lower = chosen & ((losses_now < lowest.cpu()) | torch.isneginf(losses_now))
        has_loss = lower & ~torch.isneginf(losses_now)
        lowest.copy_(torch.where(has_loss, losses_now, lowest.cpu()))
        return lower

    def learn(self, explained: Tensor, counts: Tensor, own: Tensor | None, better: Tensor) -> None:
        """Receive correlations; columns of networks that are better than ever are taken."""
        rate = 1.0 if int(self.looks) == 0 else _SMOOTHING
        now, before = explained.double(), self.explained.cpu()
        moved = torch.where(before.isnan(), now, before + rate * (now - before))
        kept = ~better[None, :] | (now.isnan() & (rate < 1))  # what is known is not forgotten
        self.explained.copy_(torch.where(kept, before, moved))
        self.counts.copy_(counts)
        if own is not None:
            now = torch.nan_to_num(own.double())
            moved = self.own.cpu() + rate * (now - self.own.cpu())
            self.own.copy_(torch.where(better, moved, self.own.cpu()))
        self.looks += 1
        self._relate()

    def _relate(self) -> None:
        limits = self.hysteresis
        affinity = affinity_of(_array(self.explained), _array(self.own), _array(self.counts))
        groups = _array(self.groups)
        proposal = grouped(affinity, groups, limits.lower, limits.upper)
        if np.array_equal(proposal, groups):
            self.agreed.zero_()
        elif np.array_equal(proposal, _array(self.proposed)):
            self.agreed += 1
        else:
            self.agreed.fill_(1)
        self.proposed.copy_(torch.from_numpy(proposal))
        if int(self.agreed) >= limits.looks:
            self._regroup(groups, proposal)
        self.affinity.copy_(torch.from_numpy(affinity))
        ratio = ratio_of(affinity, _array(self.groups), limits.lower)
        self.ratio.copy_(torch.from_numpy(ratio))

    def _regroup(self, before: np.ndarray, after: np.ndarray) -> None:
        """Take new groups; tasks with other partners are judged anew."""
        same = np.equal.outer(before, before) == np.equal.outer(after, after)
        changed = torch.from_numpy(~same.all(axis=1))
        self.groups.copy_(torch.from_numpy(after))
        self.agreed.zero_()
        for name, start in (("gain", 0.0), ("doubts", 0), ("alone", False)):
            self.get_buffer(name)[changed] = start

    # ── who leaves and who comes back ────────────────────────────────────────────────────────

    def judge(
        self, own: Mapping[str, float], coupled: Mapping[str, float], counts: Tensor
    ) -> list[str]:
        """Compare validation losses of both networks; return the tasks that leave now.

        Parameters
        ----------
        own, coupled : mapping of task to float
        counts : tensor of shape (k,)
            Labelled validation rows.
        """
        names = self.tasks.names
        for position, name in enumerate(names):
            if name in own and np.isfinite(own[name]) and np.isfinite(coupled[name]):
                now = (own[name] - coupled[name]) / max(abs(own[name]), 1e-12)
                self.gain[position] += _SMOOTHING * (now - float(self.gain[position]))
        against, in_favour = self._evidence(_array(counts))
        left = []
        for position, name in enumerate(names):
            is_alone = bool(self.alone[position])
            doubted = in_favour[position] if is_alone else against[position]
            self.doubts[position] = self.doubts[position] + 1 if doubted else 0
            if int(self.doubts[position]) >= self.hysteresis.looks:
                self.alone[position] = not is_alone
                self.doubts[position] = 0
                left += [] if is_alone else [name]
        return left

    def _evidence(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether losses speak against sharing of each task, and whether in favour of it."""
        gain, groups = _array(self.gain), _array(self.groups)
        sizes = np.bincount(groups)[groups]
        means = (np.bincount(groups, weights=gain) / np.bincount(groups))[groups]
        rows = np.bincount(groups, weights=counts)[groups]
        both = (gain + means) / 2
        noise = _NOISE / np.sqrt(np.maximum(counts, 1.0))
        noise_of_group = _NOISE / np.sqrt(np.maximum(rows, 1.0))
        against = (both < -noise) | (means < -noise_of_group)
        return (sizes > 1) & against, (sizes > 1) & ~against & (both > 0)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy()
