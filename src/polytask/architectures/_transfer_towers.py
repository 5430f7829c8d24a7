"""Towers of all tasks, and what is transferred between them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from polytask.architectures._dependencies import ancestors_of, descendants_of
from polytask.architectures._feeding_towers import FeedingTowers
from polytask.architectures._information_transfer import Transfers
from polytask.architectures._inputs import Inputs
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._towers import Towers
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["TransferTowers"]


class TransferTowers(nn.Module):
    """Towers of all tasks, and the transfers between them, level by level.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
    tasks : TaskSet
        Which name those that feed them.

    Attributes
    ----------
    width : int
        Width of the pooled features.
    """

    def __init__(self, encoder: Encoder, inputs: Inputs, tasks: TaskSet) -> None:
        super().__init__()
        descendants = {n: fed for n, fed in descendants_of(ancestors_of(tasks)).items() if fed}
        self.feeding = tuple(descendants)
        self.ends = tuple(name for name in tasks.names if name not in descendants)
        self.feeding_towers = FeedingTowers(encoder, inputs, descendants)
        self.end_towers = Towers(encoder, inputs, len(self.ends), tasks=self.ends)
        self.width = self.feeding_towers.width
        groups = [
            [n for n in level if n in descendants and tasks.after(n)] for level in tasks.levels()
        ]
        groups.append([name for name in self.ends if tasks.after(name)])
        self.groups = [group for group in groups if group]
        self.transfers = nn.ModuleList(
            Transfers(
                self.width,
                {name: [self.feeding.index(n) for n in tasks.after(name)] for name in group},
                descendants,
            )
            for group in self.groups
        )
        self.order = [(*self.feeding, *self.ends).index(name) for name in tasks.names]

    def forward(self, states: Mapping[str, State]) -> dict[str, Tensor]:
        """Features of every source's rows for all tasks in the order of the set, (n_tasks, n, h)."""
        feeding, ends = self.feeding_towers(states), self.end_towers(states)
        return {name: self._of_rows(feeding[name], pooled_copies(ends[name])) for name in states}

    def _of_rows(self, feeding: Tensor, ends: Tensor) -> Tensor:
        for group, transfer in zip(self.groups, self.transfers, strict=True):
            names, features = (
                (self.feeding, feeding) if group[0] in self.feeding else (self.ends, ends)
            )
            index = torch.tensor([names.index(name) for name in group], device=features.device)
            moved = features.index_copy(0, index, transfer(features[index], feeding))
            feeding, ends = (moved, ends) if names is self.feeding else (feeding, moved)
        return torch.cat([feeding, ends])[self.order]
