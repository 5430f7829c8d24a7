"""Rows of the batches of a task's network, in an order of the task's own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from polytask.sampling import Proportional
from polytask.sampling._shuffled_rows import ShuffledRows

__all__ = ["TaskRows"]


@dataclass
class TaskRows(Proportional):
    """Shuffled rows of all sources, whose order follows from the seed and the task's name.

    Batches that hold all rows have them as they stand.

    Parameters
    ----------
    task : str
    """

    task: str = ""

    def prepare(self) -> None:
        """Forget the order of earlier rows."""
        super().prepare()
        self._rows = ShuffledRows(self.n_rows, self.seed, self.task)

    def draw(self, step: int) -> dict[str, Int64[Tensor, " _"]]:
        """The next rows of the epoch's permutation."""
        if self.batch_size == self.n_rows:
            return self._by_source(torch.arange(self.n_rows))
        return super().draw(step)
