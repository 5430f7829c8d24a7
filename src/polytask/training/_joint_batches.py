"""Batches in which all tasks see the same rows."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.data import Batch
from polytask.losses import MultiTaskLoss
from polytask.training._epoch import bounds, n_batches
from polytask.training._tensors import derived_seed

__all__ = ["JointBatches"]


class JointBatches:
    """Shuffled batches over the rows of all sources, a pure function of the step.

    Parameters
    ----------
    sources : Batch of tensors
    batch_size : int
    seed : int

    Attributes
    ----------
    steps_per_epoch : int
    """

    def __init__(self, sources: Batch, batch_size: int, seed: int) -> None:
        self.sources = sources
        self.n_rows = sum(source.n_rows for source in sources.values())
        self.batch_size = min(batch_size, self.n_rows)
        self.steps_per_epoch = n_batches(self.n_rows, self.batch_size)
        self.seed = seed
        self._order: tuple[int, Tensor] = (-1, torch.empty(0))

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        rows = self._rows(step)
        if len(self.sources) == 1:
            return {name: source.take(rows) for name, source in self.sources.items()}
        taken, start = {}, 0
        for name, source in self.sources.items():
            local = rows[(rows >= start) & (rows < start + source.n_rows)] - start
            if len(local):
                taken[name] = source.take(local)
            start += source.n_rows
        return taken

    def fraction(self, step: int) -> float:
        """Rows of the step's batch as a share of a full batch (the last one differs)."""
        rows = bounds(step % self.steps_per_epoch, self.n_rows, self.batch_size)
        return (rows.stop - rows.start) / self.batch_size

    def expected(self, loss: MultiTaskLoss) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task is expected to have in a batch."""
        return loss.counts(self.sources) * (self.batch_size / self.n_rows)

    def _rows(self, step: int) -> Tensor:
        epoch, position = divmod(step, self.steps_per_epoch)
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(derived_seed(self.seed, "rows", epoch))
            self._order = (epoch, torch.randperm(self.n_rows, generator=generator, device="cpu"))
        return self._order[1][bounds(position, self.n_rows, self.batch_size)]
