"""Adversarial discrimination of the tasks that rows belong to."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from polytask.architectures._gradient_reversal import reverse_gradient
from polytask.data import Batch, Schema
from polytask.tasks import TaskSet

__all__ = ["TaskDiscriminator"]


class TaskDiscriminator(nn.Module):
    """A linear classifier of where rows come from, behind gradient reversal.

    Rows that have one task each are classified by task, the others by source.

    Parameters
    ----------
    width : int
        Of the features.
    schemas : mapping of source name to Schema
    tasks : TaskSet

    Attributes
    ----------
    classes : tuple of str
        Tasks and sources, with fewer than two of which there is nothing to tell apart.
    """

    def __init__(self, width: int, schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
        super().__init__()
        keys = {
            name: [f"task {task}" for task in tasks.names] if s.own_rows else [f"source {name}"]
            for name, s in schemas.items()
        }
        self.classes = tuple(dict.fromkeys(key for of_rows in keys.values() for key in of_rows))
        self._sources = tuple(schemas)
        for position, of_rows in enumerate(keys.values()):
            indices = torch.tensor([self.classes.index(key) for key in of_rows])
            self.register_buffer(f"class_{position}", indices, persistent=False)
        self.linear = nn.Linear(width, len(self.classes))

    def forward(self, vectors: Mapping[str, Tensor], batch: Batch) -> Tensor:
        """Mean cross-entropy over the rows of all sources, from shared features (n, h)."""
        scores = [self.linear(reverse_gradient(rows)) for rows in vectors.values()]
        labels = [self._labels(name, len(rows), batch) for name, rows in vectors.items()]
        return nn.functional.cross_entropy(torch.cat(scores), torch.cat(labels))

    def _labels(self, source: str, n_rows: int, batch: Batch) -> Tensor:
        classes, task = self.get_buffer(f"class_{self._sources.index(source)}"), batch[source].task
        return classes.expand(n_rows) if task is None else classes[task]
