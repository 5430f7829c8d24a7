"""Histories, means and early stopping of members that are trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from polytask.bookkeeping import EpochRecord, History
from polytask.training._selection import ALL_STEPS, Selection
from polytask.training._stack_member import StackMember

__all__ = ["MemberRecords", "StackMeans"]


class _MemberTensors:
    """What `Selection` sees of a member: its tensors in the stack."""

    def __init__(self, state: Callable[[], Mapping[str, Tensor]], member: StackMember) -> None:
        self._state, self.member = state, member

    def state_dict(self) -> Mapping[str, Tensor]:
        return self._state()

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        self.member.load(state_dict)


class MemberRecords:
    """The history of a member, and when it stops.

    Parameters
    ----------
    member : StackMember
    n_steps : int
        Planned steps.
    state : callable
        Gives its tensors in the stack.
    """

    def __init__(
        self, member: StackMember, n_steps: int, state: Callable[[], Mapping[str, Tensor]]
    ) -> None:
        self.member, self.n_steps = member, n_steps
        self._tensors = _MemberTensors(state, member)
        self.selection = Selection(self._tensors, member.tasks, member.trainer.patience)
        network = member.network
        trained = [p.numel() for p in network.parameters() if p.requires_grad]
        self.history = History(n_parameters=sum(trained))

    def add(
        self,
        step: int,
        seconds: float,
        means: tuple[Tensor, Tensor],
        validation: Mapping[str, float],
        learning_rate: float,
    ) -> EpochRecord:
        """Record an evaluation; `means` are losses and weights of its tasks."""
        names = self.member.tasks.names
        losses, weights = (dict(zip(names, own.tolist(), strict=True)) for own in means)
        epoch = len(self.history.epochs) + 1
        record = EpochRecord(epoch, step, seconds, losses, validation, weights, learning_rate)
        self.history.epochs.append(record)
        if validation:
            self.selection.update(epoch, validation)
        return record

    def finish(self, step: int, seconds: float) -> History:
        """Give the member's own network its best state, and close its history."""
        selection, history = self.selection, self.history
        self.member.load(self._tensors.state_dict())  # the last, unless there is a best
        selection.restore()
        self.member.network.eval()
        history.stopped = selection.exhausted or ALL_STEPS
        history.best_epoch = selection.best_epoch
        history.best_epochs = dict(selection.best_epochs)
        history.n_steps, history.seconds = step, seconds
        return history


class StackMeans:
    """Mean losses and weights of every member since its last evaluation.

    Parameters
    ----------
    n_members, n_tasks : int
    device : torch.device
    """

    def __init__(self, n_members: int, n_tasks: int, device: torch.device) -> None:
        self.losses = torch.zeros(n_members, n_tasks, device=device)
        self.weights = torch.zeros(n_members, n_tasks, device=device)
        self.fractions = torch.zeros(n_members, device=device)
        self.batches = torch.zeros(n_members, device=device)

    def add(self, losses: Tensor, weights: Tensor, fractions: Tensor) -> None:
        """Add a batch of every member."""
        self.losses += losses
        self.weights += weights
        self.fractions += fractions
        self.batches += 1

    def of(self, member: int) -> tuple[Tensor, Tensor]:
        """Mean losses and weights of one member, which are then forgotten."""
        losses = self.losses[member] / self.fractions[member].clamp(min=1e-30)
        weights = self.weights[member] / self.batches[member]
        for sums in (self.losses, self.weights, self.fractions, self.batches):
            sums[member] = 0
        return losses, weights

    def keep(self, members: Tensor) -> None:
        """Remove all other members."""
        for name in ("losses", "weights", "fractions", "batches"):
            setattr(self, name, getattr(self, name)[members])
