"""Attention over a task's own features and the information from the tasks that feed it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.architectures._feeding_towers import stacked_owners
from polytask.architectures._owners import Owned, Owner

__all__ = ["Transfers"]


class InformationTransfer(nn.Module):
    """Self-attention over one task's features and what is transferred to it.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.info = nn.Linear(width, width)
        self.value, self.query, self.key = (nn.Linear(width, width) for _ in range(3))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Features (n, h) of ``"own"`` (n, h) and ``"upstream"`` (n_upstream, n, h).

        ``"absent"`` (n_upstream,) is -inf where there is no such task, else 0.
        """
        own = inputs["own"].unsqueeze(0)
        items = torch.cat([own, self.info(inputs["upstream"]).relu()])
        scores = (self.query(items) * self.key(items)).sum(dim=-1) / math.sqrt(own.shape[-1])
        scores = scores + nn.functional.pad(inputs["absent"], (1, 0)).unsqueeze(1)
        return (scores.softmax(dim=0).unsqueeze(-1) * self.value(items)).sum(dim=0)


class Transfers(Owner):
    """Transfers to tasks of one level, one module per task, run as one.

    Parameters
    ----------
    width : int
        Of the features.
    upstream : mapping of str to sequence of int
        The tasks of the level, and the positions of those that feed each.
    descendants : mapping of str to sequence of str
        The tasks that each of them feeds.
    """

    index: Tensor
    absent: Tensor

    def __init__(
        self,
        width: int,
        upstream: Mapping[str, Sequence[int]],
        descendants: Mapping[str, Sequence[str]],
    ) -> None:
        super().__init__()
        self.descendants = {name: tuple(descendants.get(name, ())) for name in upstream}
        most = max(map(len, upstream.values()))
        missing = [most - len(positions) for positions in upstream.values()]
        index = [
            [*positions, *[0] * n] for positions, n in zip(upstream.values(), missing, strict=True)
        ]
        absent = [[0.0] * (most - n) + [-math.inf] * n for n in missing]
        self.register_buffer("index", torch.tensor(index), persistent=False)
        self.register_buffer("absent", torch.tensor(absent), persistent=False)
        sample = {
            "own": torch.zeros(2, width),
            "upstream": torch.zeros(most, 2, width),
            "absent": torch.zeros(most),
        }
        modules = [InformationTransfer(width) for _ in upstream]
        self.modules_of_tasks = Copies(modules, sample, apart=True)

    def forward(self, own: Tensor, features: Tensor) -> Tensor:
        """Features of the level's tasks, (n_tasks, n, h).

        Parameters
        ----------
        own : tensor of shape (n_tasks, n, h)
        features : tensor of shape (n_feeding, n, h)
            Those of all tasks that feed others, of which lower levels are final.
        """
        inputs = {"own": own, "upstream": features[self.index], "absent": self.absent}
        return self.modules_of_tasks(inputs)

    def owners(self) -> Sequence[Owned]:
        """Module k serves the k-th task and all that it feeds."""
        return stacked_owners(self, self.descendants)
