"""One training of many members over stacked parameters, in small named steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.architectures._stacked_networks import StackedNetworks
from polytask.bookkeeping import EpochRecord, History
from polytask.exceptions import NonFiniteLossError
from polytask.sampling._epoch_batches import n_batches
from polytask.training._divergence import Divergence
from polytask.training._evaluation_interval import evaluation_interval
from polytask.training._stack_forward import StackForward
from polytask.training._stack_index import all_rows, order_key
from polytask.training._stack_member import StackMember
from polytask.training._stack_optimizers import StackOptimizers, optimizer_key
from polytask.training._stack_orders import OrderKey, StackOrders
from polytask.training._stack_records import MemberRecords, StackMeans
from polytask.training._stack_scores import StackScores
from polytask.training._stack_weightings import StackWeightings
from polytask.training._worsened import worsened_so_far

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
        It does not receive a member one of whose batches has no row of one of its sources: what only that
        source reads then takes no step, and an optimiser of several networks steps it with all.
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
        self.orders = StackOrders([p.order for p in plans], [all_rows(m) for m in self.members])
        self.on_end = on_end
        self.networks = StackedNetworks([m.host for m in self.members], changing)
        self.host: MultiTaskModule = self.networks.template
        self.optimizers = StackOptimizers(
            [m.trainer for m in self.members],
            self.n_steps.tolist(),
            [plan.optimizer for plan in plans],
            self.networks.parameters,
        )
        self.forward = StackForward(
            self.networks, self.members, self.orders, rows_together=rows_together
        )
        self._begin()

    def _begin(self) -> None:
        """The state before the first step."""
        self.step, self.seconds = 0, 0.0
        self.records = [
            MemberRecords(m, int(n), self._state_of(m))
            for m, n in zip(self.members, self.n_steps, strict=True)
        ]
        self.next_evaluation = np.array([self._after(k) for k in range(len(self.members))])
        self.ids = np.arange(len(self.members))
        self.scoring = StackScores(self.networks, self.members)
        self.weightings = StackWeightings(self.members)
        self.columns = [m.columns for m in self.members]
        self.device = next(self.host.parameters()).device
        self.task_weights = _task_weights(self.members).to(self.device)
        self.means = StackMeans(len(self.members), len(self.host.tasks), self.device)
        self._last = time.monotonic()

    def _state_of(self, member: StackMember) -> Callable[[], dict[str, Tensor]]:
        return lambda: self.networks.state(self.members.index(member))

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    def run(self, show: Callable[[StackRun], None], save: Callable[[Any], None] | None) -> None:
        """Train until every member has ended."""
        self.begin()
        while self.members:
            if self.advance():
                show(self)
                if save is not None and self.members:
                    save(self)

    def begin(self) -> None:
        """Begin to train, or to go on."""
        self._last = time.monotonic()

    def advance(self) -> list[tuple[StackMember, EpochRecord]]:
        """Train up to the next evaluation of some members; return their records, none if all left."""
        while self.members:
            self._take_step()
            due = (self.step >= self.next_evaluation) | (self.step >= self.n_steps)
            if due.any():
                return self._evaluate(np.flatnonzero(due))
        return []

    def _after(self, k: int) -> int:
        """The step of a member's next evaluation."""
        every = self.trainer.evaluate_every
        if every is not None:
            return (self.step // every + 1) * int(every)
        own = self.members[k].epoch or int(self.orders.steps_per_epoch[k])
        epoch = math.ceil(own / self.trainer.accumulate)
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
        leaving = np.zeros(len(self.members), dtype=bool)
        for part in range(n_parts - 1):
            self._accumulate(start + part, leaving)
        batch_losses = self._accumulate(start + n_parts - 1, leaving)
        self._clip()
        self.optimizers.step(self.networks.parameters)
        self.step += 1
        self.weightings.learn(*batch_losses)
        if leaving.any():
            self.keep(np.flatnonzero(~leaving))

    def _accumulate(self, position: int, leaving: np.ndarray) -> tuple[Tensor, Tensor]:
        """Add the gradients of one batch of every member; return losses and which are present.

        Members that leave the stack are marked in `leaving`, and take the step with the others: no
        member's numbers depend on those of another.
        """
        losses, present, penalty = self.forward(position)
        values = losses.detach()
        leaving |= self.forward.lacks_source
        if not math.isfinite(float(values.sum())):
            leaving |= self._diverged(values, position, leaving)
        weighted = losses * self.task_weights
        known = torch.where(torch.isfinite(weighted), weighted, 1.0).detach()
        weights = self.weightings.weights(known, present)
        total = (weighted if self.weightings.empty else weighted * weights).sum()
        total = self._regularized(total, penalty) / self.trainer.accumulate
        total.backward()
        fractions = torch.from_numpy(self.orders.fraction(position)).float().to(self.device)
        self.means.add(values, weights, fractions)
        return known, present

    def _regularized(self, total: Tensor, penalty: Tensor | None) -> Tensor:
        """The sum of losses with penalties of the networks and of the parameters' size."""
        if penalty is not None:
            total = total + penalty
        if self.trainer.l1:
            norms = [tensor.abs().sum() for tensor in self.networks.parameters.values()]
            total = total + self.trainer.l1 * torch.stack(norms).sum()
        return total

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

    def _evaluate(self, due: np.ndarray) -> list[tuple[StackMember, EpochRecord]]:
        """Evaluate the members whose turn it is, and end those that are done; return their records."""
        self._count_seconds()
        validation = self.scoring.losses(due)
        ended, records = [], []
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
            records.append((self.members[k], record))
            self.next_evaluation[k] = self._after(k)
            if own.selection.exhausted is not None or self.step >= self.n_steps[k]:
                ended.append(k)
        for k in ended:
            self.on_end(self.members[k], self.records[k].finish(self.step, self.seconds))
        if ended:
            self.keep(np.setdiff1d(self.ids, ended))
        return records

    def worsened(self) -> list[tuple[str, ...]]:
        """Tasks of every member that lose what they had learned while others improve."""
        return [worsened_so_far(own.history, own.selection) for own in self.records]

    def _diverged(self, losses: Tensor, position: int, leaving: np.ndarray) -> np.ndarray:
        """End members whose losses are not finite, but for those that leave already; which they are."""
        bad = (~torch.isfinite(losses).all(dim=1)).cpu().numpy() & ~leaving
        for k in np.flatnonzero(bad).tolist():
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
        return bad

    def keep(self, kept: np.ndarray) -> None:
        """Take all other members out of the stack."""
        members = torch.from_numpy(kept).to(self.device)
        self.members = [self.members[k] for k in kept]
        for name in ("records", "columns"):
            setattr(self, name, [getattr(self, name)[k] for k in kept])
        for name in ("n_steps", "next_evaluation"):
            setattr(self, name, getattr(self, name)[kept])
        self.ids = np.arange(len(self.members))
        if not self.members:
            return
        self.networks.keep(members)
        self.optimizers.keep(kept.tolist(), self.networks.parameters)
        self.orders.keep(kept)
        self.forward.keep(kept)
        self.scoring.keep(kept)
        self.weightings.keep(kept.tolist())
        self.means.keep(members)
        self.task_weights = self.task_weights[members]


def _task_weights(members: Sequence[StackMember]) -> Tensor:
    """The tasks' own weights, (n_members, n_tasks); 0 for those that a member does not train."""
    weights = torch.zeros(len(members), len(members[0].host.tasks))
    for k, member in enumerate(members):
        weights[k, member.columns] = torch.tensor([task.weight for task in member.tasks])
    return weights


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
        key = optimizer_key(member.trainer, n_steps, (member.position, member.part))
        plans.setdefault(key, []).append(_Plan(member, order, n_steps, key))
    return [plan for own in plans.values() for plan in own]
