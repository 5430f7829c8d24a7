"""Abstract base class of units that fuse the features of the tasks' towers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.encoders import State

__all__ = ["FusionUnit", "channels_back", "channels_last", "start_weights"]


class FusionUnit(Owner):
    """Features of all towers after a stage, fused: (n_tasks, n, …).

    Parameters and buffers have a leading axis over the tasks whose features they give.

    Parameters
    ----------
    owners : sequence of str
        The tasks, where the unit is the last before the towers part; else (), since the stages
        above bring what it gives to all tasks.
    """

    def __init__(self, owners: Sequence[str] = ()) -> None:
        super().__init__()
        self.tasks = tuple(owners)

    @abstractmethod
    def forward(self, inputs: State, outputs: State) -> State:
        """Fused features of every task's tower.

        Parameters
        ----------
        inputs : State
            What entered the stage, (n_tasks, n, …).
        outputs : State
            What the stage gave in every copy, (n_copies, n, …).
        """

    def mixing(self) -> Tensor | None:
        """Weights of all towers for each task, (n_tasks, n_tasks, …), where a unit has such."""
        return None

    def owners(self) -> Sequence[Owned]:
        """Slice k of a last unit belongs to the k-th task."""
        return owned_by(self, self.tasks, axis=0) if self.tasks else []


def start_weights(n: int, own: float) -> Tensor:
    """Weights (n, n) that are `own` on the diagonal; what is left to 1 is spread over the others.

    Examples
    --------
    >>> from polytask.architectures._fusion_unit import start_weights
    >>> start_weights(3, 0.5)
    tensor([[0.5000, 0.2500, 0.2500],
            [0.2500, 0.5000, 0.2500],
            [0.2500, 0.2500, 0.5000]])
    """
    if n == 1:
        return torch.ones(1, 1)
    weights = torch.full((n, n), (1 - own) / (n - 1))
    return weights.fill_diagonal_(own)


def channels_last(values: Tensor) -> Tensor:
    """Values of copies, (n_copies, n, …), whose last axis is the channels, for maps too."""
    return values.movedim(2, -1) if values.ndim > 4 else values


def channels_back(values: Tensor) -> Tensor:
    """Undo `channels_last`."""
    return values.movedim(-1, 2) if values.ndim > 4 else values
