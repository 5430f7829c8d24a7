"""Losses of the tasks that are still trained, over all processes."""

from __future__ import annotations

from functools import partial

import torch

from polytask.data import Batch
from polytask.processes import Processes
from polytask.training._forward import BatchLosses, Forward
from polytask.training._selection import Selection
from polytask.training._several_processes import losses_of_all

__all__ = ["ActiveLosses"]


class ActiveLosses:
    """Maps a batch to the losses of its tasks, without those that have stopped.

    Parameters
    ----------
    forward : Forward
    selection : Selection
        Knows which tasks are active.
    n_tasks : int
    processes : Processes
    device : torch.device
    """

    def __init__(
        self,
        forward: Forward,
        selection: Selection,
        n_tasks: int,
        processes: Processes,
        device: torch.device,
    ) -> None:
        self.forward, self.selection, self.n_tasks = forward, selection, n_tasks
        self.processes, self.device = processes, device

    def __call__(self, batch: Batch) -> BatchLosses:
        """Losses of the batch, of which every process has its own rows."""
        if self.processes.size == 1:
            return self._own(batch)
        return losses_of_all(partial(self._own, batch), self.n_tasks, self.processes, self.device)

    def _own(self, batch: Batch) -> BatchLosses:
        """Losses of the rows of this process."""
        if not batch:
            zeros = torch.zeros(self.n_tasks, device=self.device)
            return BatchLosses(zeros, zeros.bool())
        batch_losses = self.forward(batch)
        if bool(self.selection.active.all()):
            return batch_losses
        present = batch_losses.present & self.selection.active.to(batch_losses.present.device)
        losses = torch.where(present, batch_losses.losses, 0.0)
        return batch_losses._replace(losses=losses, present=present)
