"""The tasks present and their losses, as aggregators receive them beside gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = ["Served"]


@dataclass(frozen=True)
class Served:
    """The tasks that the gradients belong to, and their losses.

    Parameters
    ----------
    present : tensor of shape (n_tasks,), bool
        Tasks that have a gradient; the k-th gradient is that of the k-th task present.
    losses : tensor of shape (n_tasks,), optional
        The detached losses that the gradients are of; 0 for absent tasks.

    Examples
    --------
    >>> import torch
    >>> from polytask.gradients import Served
    >>> Served(torch.tensor([True, False, True])).indices
    tensor([0, 2])
    """

    present: Bool[Tensor, " n_tasks"]
    losses: Float[Tensor, " n_tasks"] | None = None

    @classmethod
    def all_of(cls, n_tasks: int, device: torch.device | None = None) -> Served:
        """A step in which every task is present."""
        return cls(torch.ones(n_tasks, dtype=torch.bool, device=device))

    @property
    def indices(self) -> Int[Tensor, " k"]:
        """Indices of the tasks present."""
        return torch.nonzero(self.present).flatten()
