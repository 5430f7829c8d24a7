"""Abstract base class of units that fuse the features of the tasks' towers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor

from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.encoders import State

__all__ = ["FusionUnit", "channels_back", "channels_last", "fill_start_weights"]


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


def fill_start_weights(weights: Tensor, own: float) -> None:
    """Fill (n, n, …) with `own` on the diagonal; what is left to 1 is spread over the others.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._fusion_unit import fill_start_weights
    >>> weights = torch.empty(3, 3)
    >>> fill_start_weights(weights, 0.5)
    >>> weights
    tensor([[0.5000, 0.2500, 0.2500],
            [0.2500, 0.5000, 0.2500],
            [0.2500, 0.2500, 0.5000]])
    """
    n = len(weights)
    weights.fill_((1 - own) / max(n - 1, 1))
    weights.diagonal().fill_(own if n > 1 else 1.0)


def channels_last(values: Tensor) -> Tensor:
    """Values of copies, (n_copies, n, …), whose last axis is the channels, for maps too."""
    return values.movedim(2, -1) if values.ndim > 4 else values


def channels_back(values: Tensor) -> Tensor:
    """Undo `channels_last`; normalisations that run for all copies at once need contiguous maps."""
    return values.movedim(-1, 2).contiguous() if values.ndim > 4 else values
