"""Two networks per task, one alone and one pulled towards those of related tasks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polytask.architectures import Copies, MultiTaskModule, Raw
from polytask.data import Batch, Schema, SourceBatch
from polytask.search._cross_explained import cross_explained, some_rows
from polytask.search._ratio_of_sharing import mixing
from polytask.search._sharing_state import Hysteresis, SharingState

__all__ = ["AdaptiveNetwork"]


class AdaptiveNetwork(MultiTaskModule):
    """The module of `AdaptiveSharing`; after training `settled` gives one network per task.

    In training, the rows of a batch are scored by both networks of each task, as by two members of
    an ensemble. In evaluation each task is answered by the state of its networks that was best on
    the validation rows so far.

    Parameters
    ----------
    single : MultiTaskModule
        One network per task, which stays alone.
    schemas : mapping of source name to Schema
    alpha : float
    hysteresis : Hysteresis

    Attributes
    ----------
    own, coupled : MultiTaskModule
        Networks of every task: alone, and pulled towards those of related tasks.
    best : MultiTaskModule
        States of `own` at each task's lowest validation loss.
    kept : MultiTaskModule
        What answers.
    state : SharingState
    """

    def __init__(
        self,
        single: Any,
        schemas: Mapping[str, Schema],
        alpha: float,
        hysteresis: Hysteresis,
    ) -> None:
        super().__init__(schemas, single.tasks)
        self.alpha = alpha
        self.rows_at_once = single.rows_at_once
        self.own, self.coupled, self.best, self.kept = (copy.deepcopy(single) for _ in range(4))
        self.best.requires_grad_(False)
        self.kept.requires_grad_(False)
        self.state = SharingState(single.tasks, hysteresis)
        self.answering = "kept"
        self._mixing: dict[tuple[float, tuple[str, ...]], Tensor] = {}
        self._stacked = _stacked_parameters(self.coupled)  # listed once: each step pulls them
        _equal_start(self._stacked)

    @property
    def n_members(self) -> int:  # type: ignore[override] # more in training
        """Members of one network's ensemble; in training of both."""
        return self.own.n_members * (2 if self.training else 1)

    def forward(self, batch: Batch) -> Raw:
        """Scores of both networks in training, of the one that answers in evaluation."""
        if not self.training:
            answering: MultiTaskModule = getattr(self, self.answering)
            return answering(batch)
        members = self.own.n_members
        batch = {name: _of_members(rows, members) for name, rows in batch.items()}
        own, coupled = self.own(batch), self.coupled(batch)
        return {key: _interleaved(own[key], coupled[key], members) for key in own}

    # ── sharing ──────────────────────────────────────────────────────────────────────────────

    @torch.no_grad()
    def proximal_step(self, step: float) -> None:
        """Pull the coupled networks of tasks that share towards each other."""
        if not bool(self.state.ratio.any()):
            return
        for names, holders, name in self._stacked:
            pull = self._pull(step, names)
            slices = [holder.get_parameter(name) for holder in holders]
            if len(slices) == 1 < len(names):  # which holds those of all tasks
                slices[0].copy_(_moved(pull, slices[0]))
                continue
            moved = _moved(pull, torch.stack([*slices]))
            for parameter, value in zip(slices, moved, strict=True):
                parameter.copy_(value)

    def _pull(self, step: float, names: tuple[str, ...]) -> Tensor:
        key = step, names
        if key not in self._mixing:
            if len(self._mixing) > 64:
                self._mixing = {}
            places = [self.tasks.index(name) for name in names]
            ratio = self.state.ratio.cpu().numpy()[np.ix_(places, places)]
            self._mixing[key] = torch.from_numpy(mixing(ratio, self.alpha, step))
        return self._mixing[key]

    def _load_from_state_dict(self, *arguments: Any, **options: Any) -> None:
        self._mixing = {}
        super()._load_from_state_dict(*arguments, **options)

    @torch.no_grad()
    def adapt(
        self,
        train: Batch,
        validation: Batch | None,
        losses: Callable[[], Mapping[str, float]] | None,
    ) -> None:
        """Measure affinities, regroup, and compare both networks of each task."""
        own = None if losses is None else self._losses("own", losses)
        better = self.state.improved(own)
        _copy_tasks(self.own, self.best, self._named(better))
        explained, counts = cross_explained(self.own, some_rows(train, len(self.tasks)))
        held, seen = None, counts
        if validation is not None:
            known, seen = cross_explained(self.own, some_rows(validation, len(self.tasks)))
            held = known.diagonal()
        self.state.learn(explained, counts, held, better)
        self._mixing = {}
        coupled = None
        if own is not None and losses is not None:
            coupled = self._losses("coupled", losses)
            left = self.state.judge(own, coupled, seen)
            own = {name: float(self.state.best[self.tasks.index(name)]) for name in own}
            _copy_tasks(self.best, self.own, left)
        self._keep(own, coupled)

    def _keep(self, own: Mapping[str, float] | None, coupled: Mapping[str, float] | None) -> None:
        """Keep the networks that answer, where they are better on validation rows than ever."""
        alone = self.state.alone.cpu().clone()
        for network, of_these, losses in (
            (self.best, alone, own),
            (self.coupled, ~alone, coupled),
        ):
            _copy_tasks(network, self.kept, self._named(self.state.answered(of_these, losses)))

    def _named(self, chosen: Tensor) -> list[str]:
        """Names of the tasks that are chosen."""
        return [n for n, is_one in zip(self.tasks.names, chosen.tolist(), strict=True) if is_one]

    def _losses(
        self, answering: str, losses: Callable[[], Mapping[str, float]]
    ) -> Mapping[str, float]:
        self.answering = answering
        try:
            return losses()
        finally:
            self.answering = "kept"

    def settled(self, single: MultiTaskModule) -> MultiTaskModule:
        """Give a network of single tasks the network that answers for each task."""
        _copy_tasks(self.kept, single, self.tasks.names)
        return single


def _of_members(rows: SourceBatch, members: int) -> SourceBatch:
    """Rows without labels, with the task of each repeated for the members of one network."""
    task = rows.task
    if task is not None:
        task = task.view(-1, rows.members)[:, :members].flatten()
    return replace(rows.without_targets(), task=task, members=members)


def _moved(pull: Tensor, values: Tensor) -> Tensor:
    """Stacked parameters, each the mean that the pull makes of all."""
    return (pull.to(values) @ values.flatten(1)).view_as(values)


def _interleaved(own: Tensor, coupled: Tensor, members: int) -> Tensor:
    """Scores of both networks, those of a row one after another, each with its whole gradient.

    The loss is a mean over both, which halves gradients; they are doubled here.
    """
    both = [s.reshape(-1, members, *s.shape[1:]) for s in (own, coupled)]
    joined = torch.cat(both, dim=1).flatten(0, 1)
    return 2 * joined - joined.detach()


Stacked = list[tuple[tuple[str, ...], Sequence[nn.Module], str]]


def _stacked_parameters(network: Any) -> Stacked:
    """Parameters of equal tasks: the tasks, what holds their slices, and the name in it."""
    found: Stacked = []
    towers: Copies
    for towers in network.towers:
        stacked = towers.stacked
        single: Any = towers if stacked else towers.members[0]
        holders: Any = [towers] if stacked else list(towers.members)
        names = [n for n, p in single.named_parameters() if p.requires_grad]
        found += [(towers.tasks, holders, name) for name in names]
    for block, heads in zip(network.blocks, network.heads, strict=True):
        found += [(block.tasks, [heads], name) for name, _ in heads.named_parameters()]
    return found


@torch.no_grad()
def _equal_start(stacked: Stacked) -> None:
    """Give the networks of all equal tasks the parameters of the first."""
    for _, holders, name in stacked:
        first = holders[0].get_parameter(name)
        if len(holders) == 1:
            first.copy_(first[:1].expand_as(first).clone())
        for holder in holders[1:]:
            holder.get_parameter(name).copy_(first)


@torch.no_grad()
def _copy_tasks(source: MultiTaskModule, target: MultiTaskModule, tasks: Sequence[str]) -> None:
    """Copy the tensors of some tasks from one network to another of the same form."""
    if not tasks:
        return
    chosen = set(tasks)
    for theirs, ours in zip(source.owners(), target.owners(), strict=True):
        part = ours.parts_of(chosen)
        if part is not None:
            ours.tensor[part] = theirs.tensor[part].to(ours.tensor)
