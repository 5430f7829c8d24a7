"""Towers of the tasks that feed others, on the rows of all tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.architectures._inputs import Inputs
from polytask.architectures._owners import Owned, Owner, owned_by, tensors_of
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._towers import Towers
from polytask.encoders import Encoder, State
from polytask.encoders._pooling import pooled_width

__all__ = ["FeedingTowers", "stacked_owners"]


class FeedingTowers(Owner):
    """A tower per task that feeds others; every row passes through all of them.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
    descendants : mapping of str to sequence of str
        The tasks that feed others, and all that each feeds.

    Attributes
    ----------
    width : int
        Width of the pooled features.
    """

    def __init__(
        self, encoder: Encoder, inputs: Inputs, descendants: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__()
        self.descendants = {name: tuple(fed) for name, fed in descendants.items()}
        self.towers = Towers(encoder, inputs, len(descendants))
        self.width = pooled_width(self.towers.shape)

    def forward(self, states: Mapping[str, State]) -> dict[str, Tensor]:
        """Pooled features of every source's rows, (n_towers, n, h)."""
        return {name: pooled_copies(state) for name, state in self.towers(states).items()}

    def owners(self) -> Sequence[Owned]:
        """Tower k serves the k-th task and all that it feeds."""
        return stacked_owners(self.towers, self.descendants)


def stacked_owners(module: nn.Module, descendants: Mapping[str, Sequence[str]]) -> list[Owned]:
    """Copy k of all copies in a module serves the k-th task and those that it feeds."""
    names, fed = tuple(descendants), tuple(tuple(tasks) for tasks in descendants.values())
    stated = []
    for copies in module.modules():
        if isinstance(copies, Copies) and copies.stacked:
            stated += [Owned(tensor, names, 0, fed) for tensor in tensors_of(copies)]
        elif isinstance(copies, Copies):
            for name, member in zip(names, copies.members, strict=True):
                stated += owned_by(member, (name, *descendants[name]))
    return stated
