"""Hidden layers of each task between common features and its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.architectures._row_groups import group_rows
from polytask.encoders import MLP

__all__ = ["TaskLayers"]


class TaskLayers(nn.Module):
    """Fully connected layers of every task's own, run as one.

    Parameters
    ----------
    in_features : int
    widths : tuple of int
        Of the layers; without any, features stay as they are.
    tasks : sequence of str
    members_of : mapping of source name to sequence of int, optional
        Positions of the tasks that a source carries, where it does not carry all.

    Attributes
    ----------
    shape : tuple of int
        Shape of a row's features.
    """

    def __init__(
        self,
        in_features: int,
        widths: tuple[int, ...],
        tasks: Sequence[str],
        members_of: Mapping[str, Sequence[int] | None],
    ) -> None:
        super().__init__()
        self.members_of, self.n_tasks = dict(members_of), len(tasks)
        self.shape = ((in_features, *widths)[-1],)
        self.layers = None
        if widths:
            own = [nn.Sequential(*MLP(widths).stages((in_features,))) for _ in tasks]
            self.layers = Copies(own, torch.zeros(2, in_features), apart=True, tasks=tasks)

    def forward(self, features: Tensor, source: str, task: Tensor | None) -> Tensor:
        """Features (n_tasks of the source, n, h), or (n, h) where each row has one task.

        Parameters
        ----------
        features : tensor of shape (n_tasks of the source, n, in_features) or (n, in_features)
        source : str
        task : tensor of shape (n,), int, optional
            Position of each row's task among all, where each row has one.
        """
        if self.layers is None:
            return features
        if task is None:
            apart = features.ndim == 3
            return self.layers(features, members=self.members_of[source], apart=apart)
        groups = group_rows(task, self.n_tasks)
        return groups.scatter(self.layers(groups.gather(features), groups.sizes))
