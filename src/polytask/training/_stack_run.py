"""One training of many members over stacked parameters, in small named steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.architectures._size_groups import size_groups
from polytask.architectures._stacked_networks import StackedNetworks
from polytask.bookkeeping import History
from polytask.exceptions import NonFiniteLossError
from polytask.sampling._epoch_batches import n_batches
from polytask.training._divergence import Divergence
from polytask.training._evaluation_interval import evaluation_interval
from polytask.training._stack_batches import StackBatches
from polytask.training._stack_index import all_rows, order_key, rows_by_source
from polytask.training._stack_member import StackMember
from polytask.training._stack_optimizers import StackOptimizers, optimizer_key
from polytask.training._stack_orders import Drawn, OrderKey, StackOrders
from polytask.training._stack_records import MemberRecords, StackMeans
from polytask.training._stack_scores import StackScores
from polytask.training._stack_weightings import StackWeightings

__all__ = ["OnEnd", "StackRun"]

OnEnd = Callable[[StackMember, History | NonFiniteLossError], None]


class StackRun:
    """Members of one structure in training: each has the batches, steps and stops that it has alone.

    Parameters
    ----------
    members : sequence of StackMember
    changing : frozenset of str
        Names of the buffers that a pass in training mode changes.
    rows_together : bool
        Whether members run only with those that have as many rows, since rows of a batch act on one
        another or on the noise.
    on_end : callable
        Receives every member that has ended, its network in its best state, with its history or error.
    """

    def __init__(
        self,
        members: Sequence[StackMember],
        changing: frozenset[str],
        *,
        rows_together: bool,
        on_end: OnEnd,
    ) -> None:
        plans = _planned(members)
        self.trainer = members[0].trainer
        self.members = [plan.member for plan in plans]
        self.n_steps = np.array([plan.n_steps for plan in plans])
        self.batch_sizes = np.array([plan.order.batch_size for plan in plans])
        self.orders = StackOrders([p.order for p in plans], [all_rows(m) for m in self.members])
        self.rows_together, self.on_end = rows_together, on_end
        self.networks = StackedNetworks([m.host for m in self.members], changing)
        self.host: MultiTaskModule = self.networks.template
        self._n_numbers = sum(p[0].numel() for p in self.networks.parameters.values())
        self.optimizers = StackOptimizers(
            [m.trainer for m in self.members],
            self.n_steps.tolist(),
            [plan.optimizer for plan in plans],
            self.networks.parameters,
        )
        self._begin()

    def _begin(self) -> None:
        """The state before the first step."""
        self.step, self.seconds = 0, 0.0
        self.generators = [
            torch.Generator().manual_seed(derived_seed(m.seed, "noise")) for m in self.members
        ]
        self.records = [
            MemberRecords(m, int(n), self._state_of(m))
            for m, n in zip(self.members, self.n_steps, strict=True)
        ]
        self.next_evaluation = np.array([self._after(k) for k in range(len(self.members))])
        self.ids = np.arange(len(self.members))
        self.batches = StackBatches(self.members)
        self.scoring = StackScores(self.networks, self.members)
        self.weightings = StackWeightings(self.members)
        self.columns = [m.columns for m in self.members]
        self.device = next(self.host.parameters()).device
        self.expected, self.task_weights = self._weights()
        self.means = StackMeans(len(self.members), len(self.host.tasks), self.device)
        self._last = time.monotonic()

    def _weights(self) -> tuple[Tensor, Tensor]:
        """Labels expected in a batch, and the tasks' own weights, (n_members, n_tasks)."""
        expected = torch.ones(len(self.members), len(self.host.tasks))
        weights = torch.zeros_like(expected)
        for k, m in enumerate(self.members):
            share = self.batch_sizes[k] / m.n_rows
            for column, task in zip(m.columns.tolist(), m.tasks, strict=True):
                expected[k, column] = m.table.counts[task.name] * share
                weights[k, column] = task.weight
        return expected.to(self.device), weights.to(self.device)

    def _state_of(self, member: StackMember) -> Callable[[], dict[str, Tensor]]:
        return lambda: self.networks.state(self.members.index(member))

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    def run(self, show: Callable[[StackRun], None], save: Callable[[Any], None] | None) -> None:
        """Train until every member has ended."""
        self._last = time.monotonic()
        while self.members:
            self._take_step()
            due = (self.step >= self.next_evaluation) | (self.step >= self.n_steps)
            if due.any():
                self._evaluate(np.flatnonzero(due))
                show(self)
                if save is not None and self.members:
                    save(self)

    def _after(self, k: int) -> int:
        """The step of a member's next evaluation."""
        every = self.trainer.evaluate_every
        if every is not None:
            return (self.step // every + 1) * int(every)
        epoch = math.ceil(int(self.orders.steps_per_epoch[k]) / self.trainer.accumulate)
        return self.step + evaluation_interval(self.step, epoch)

    def _count_seconds(self) -> None:
        """Divide the time since the last evaluation among the members."""
        now = time.monotonic()
        self.seconds += (now - self._last) / len(self.members)
        self._last = now

    # ── one optimiser step ───────────────────────────────────────────────────────────────────

    def _take_step(self) -> None:
        for tensor in self.networks.parameters.values():
            tensor.grad = None
        n_parts = self.trainer.accumulate
        start = self.step * n_parts
        batch_losses = self._accumulate(start)
        for part in range(1, n_parts):
            if self.members:
                batch_losses = self._accumulate(start + part)
        if not self.members:
            return
        self._clip()
        self.optimizers.step(self.networks.parameters)
        self.step += 1
        self.weightings.learn(*batch_losses)

    def _accumulate(self, position: int) -> tuple[Tensor, Tensor]:
        """Add the gradients of one batch of every member; return losses and which are present."""
        losses, present, penalty = self._losses(position)
        values = losses.detach()
        if not math.isfinite(float(values.sum())):
            kept = self._check(values, position)
            if kept is not None:
                if not len(kept):
                    return values, present
                losses, present, penalty = self._losses(position)
                values = losses.detach()
        weighted = losses * self.task_weights
        weights = self.weightings.weights(weighted.detach(), present)
        total = (weighted if self.weightings.empty else weighted * weights).sum()
        total = self._regularized(total, penalty) / self.trainer.accumulate
        total.backward()
        fractions = torch.from_numpy(self.orders.fraction(position)).float().to(self.device)
        self.means.add(values, weights, fractions)
        return weighted.detach(), present

    def _regularized(self, total: Tensor, penalty: Tensor | None) -> Tensor:
        """The sum of losses with penalties of the networks and of the parameters' size."""
        if penalty is not None:
            total = total + penalty
        if self.trainer.l1:
            norms = [tensor.abs().sum() for tensor in self.networks.parameters.values()]
            total = total + self.trainer.l1 * torch.stack(norms).sum()
        return total

    def _losses(self, position: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """Losses (n_members, n_tasks) of a batch, which are present, and the sum of penalties."""
        drawn = self.orders.drawn(position, self.ids)
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
        counts = drawn.counts
        lone = len(self.batches.stored) == 1 or not self.rows_together
        if drawn.shared or (lone and (counts == counts[0]).all()):
            yield drawn, self.ids
            return
        if self.rows_together:
            sizes = self._source_counts(drawn)
            groups = [np.flatnonzero((sizes == s).all(axis=1)) for s in np.unique(sizes, axis=0)]
        else:
            own = size_groups(counts.tolist(), self._n_numbers)
            groups = [np.array(g.places) for g in own] if own else [self.ids]
        for ids in groups:
            width = int(counts[ids].max())
            yield Drawn(drawn.places[torch.from_numpy(ids), :width], counts[ids]), ids

    def _source_counts(self, drawn: Drawn) -> np.ndarray:
        """Rows that each member has drawn of every source, (n_members, n_sources)."""
        sizes = [own.n_rows for own in self.members[0].table.train.rows.values()]
        if len(sizes) == 1:
            return drawn.counts[:, None]
        counted = np.arange(drawn.places.shape[1]) < drawn.counts[:, None]
        sources = np.searchsorted(np.cumsum(sizes), drawn.places.numpy(), side="right")
        return np.stack([((sources == k) & counted).sum(axis=1) for k in range(len(sizes))], axis=1)

    def _pass(
        self, drawn: Drawn, ids: np.ndarray, *, whole: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        index = rows_by_source(drawn, [self.members[k] for k in ids.tolist()], self.batches, ids)
        rows = self.batches.rows(index, ids)
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

    def _clip(self) -> None:
        """Scale the gradient of every member down to the largest norm."""
        norm = self.trainer.clip_norm
        if norm is None:
            return
        gradients = [t.grad for t in self.networks.parameters.values() if t.grad is not None]
        squares = sum(gradient.flatten(1).square().sum(dim=1) for gradient in gradients)
        factors = (norm / (torch.as_tensor(squares).sqrt() + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factors.view(-1, *[1] * (gradient.ndim - 1)))

    # ── evaluations and ends ─────────────────────────────────────────────────────────────────

    def _evaluate(self, due: np.ndarray) -> None:
        """Evaluate the members whose turn it is, and end those that are done."""
        self._count_seconds()
        validation = self.scoring.losses(due)
        ended = []
        for k, losses in zip(due.tolist(), validation, strict=True):
            own, columns = self.records[k], self.columns[k]
            means, weights = self.means.of(k)
            rate = self.optimizers.learning_rate(k)
            record = own.add(
                self.step, self.seconds, (means[columns], weights[columns]), losses, rate
            )
            self.weightings.end_epoch(k, means[columns])
            self.optimizers.receive(
                k, sum((record.validation_losses or record.train_losses).values())
            )
            self.next_evaluation[k] = self._after(k)
            if own.selection.exhausted is not None or self.step >= self.n_steps[k]:
                ended.append(k)
        for k in ended:
            self.on_end(self.members[k], self.records[k].finish(self.step, self.seconds))
        if ended:
            self.keep(np.setdiff1d(self.ids, ended))

    def _check(self, losses: Tensor, position: int) -> np.ndarray | None:
        """End members whose losses are not finite; the others, or None if all go on."""
        bad = (~torch.isfinite(losses.sum(dim=1))).nonzero().flatten().tolist()
        for k in bad:
            member = self.members[k]
            try:
                Divergence(member.network, member.tasks).check(
                    losses[k, self.columns[k]],
                    self.step,
                    position,
                    int(self.orders.steps_per_epoch[k]),
                )
            except NonFiniteLossError as error:
                self.on_end(member, error)
        if not bad:
            return None
        kept = np.setdiff1d(self.ids, bad)
        self.keep(kept)
        return kept

    def keep(self, kept: np.ndarray) -> None:
        """Take all other members out of the stack."""
        members = torch.from_numpy(kept).to(self.device)
        self.members = [self.members[k] for k in kept]
        for name in ("generators", "records", "columns"):
            setattr(self, name, [getattr(self, name)[k] for k in kept])
        for name in ("batch_sizes", "n_steps", "next_evaluation"):
            setattr(self, name, getattr(self, name)[kept])
        self.ids = np.arange(len(self.members))
        if not self.members:
            return
        self.networks.keep(members)
        self.optimizers.keep(kept.tolist(), self.networks.parameters)
        self.orders.keep(kept)
        self.batches.keep(kept)
        self.scoring.keep(kept)
        self.weightings.keep(kept.tolist())
        self.means.keep(members)
        self.expected, self.task_weights = self.expected[members], self.task_weights[members]


class _Plan(NamedTuple):
    """What a member's training follows from."""

    member: StackMember
    order: OrderKey
    n_steps: int
    optimizer: tuple[Hashable, ...]


def _planned(members: Sequence[StackMember]) -> list[_Plan]:
    """The plans of members; those whom one optimiser moves stand next to one another."""
    plans: dict[tuple[Hashable, ...], list[_Plan]] = {}
    for member in members:
        order = order_key(member, member.trainer.rows_per_batch(member.n_rows))
        n_steps = member.trainer.optimizer_steps(n_batches(order.n_rows, order.batch_size))
        key = optimizer_key(member.trainer, n_steps, member.position)
        plans.setdefault(key, []).append(_Plan(member, order, n_steps, key))
    return [plan for own in plans.values() for plan in own]
