"""What an aggregator is told of a step, beside gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = ["Served"]


@dataclass(frozen=True)
class Served:
    """Which tasks the gradients belong to, and what their losses are.

    Parameters
    ----------
    present : tensor of shape (n_tasks,), bool
        Whose gradients came, in the order of the tasks; the k-th gradient is that of the k-th
        task that is present.
    losses : tensor of shape (n_tasks,), optional
        The detached losses whose gradients came; 0 for absent tasks.

    Examples
    --------
    >>> import torch
    >>> from polytask.gradients import Served
    >>> Served(torch.tensor([True, False, True])).rows
    tensor([0, 2])
    """

    present: Bool[Tensor, " n_tasks"]
    losses: Float[Tensor, " n_tasks"] | None = None

    @classmethod
    def all_of(cls, n_tasks: int, device: torch.device | None = None) -> Served:
        """A step in which every task is present."""
        return cls(torch.ones(n_tasks, dtype=torch.bool, device=device))

    @property
    def rows(self) -> Int[Tensor, " k"]:
        """Numbers of the tasks present."""
        return torch.nonzero(self.present).flatten()
