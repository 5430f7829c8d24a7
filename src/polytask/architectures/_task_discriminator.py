"""Adversarial discrimination of the tasks that rows belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._gradient_reversal import reverse_gradient
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.data import Batch, Schema
from polytask.tasks import TaskSet

__all__ = ["TaskDiscriminator"]

_SPEED = 30.0


class TaskDiscriminator(Owner):
    """A linear classifier of where rows come from, behind gradient reversal.

    Rows that have one task each are classified by task, the others by source. Weights start at 0
    and are scaled by 30, so that under Adam they move 30 times as fast as those of the encoder: the
    reversed gradient removes what the discriminator reads only if this is near its best for the
    features at hand.

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
        self._tasks_of: dict[str, set[str]] = {key: set() for key in self.classes}
        for name, of_rows in keys.items():
            for key in of_rows:
                own = (
                    {key.removeprefix("task ")} if schemas[name].own_rows else schemas[name].targets
                )
                self._tasks_of[key].update(set(own) & set(tasks.names))
        self._sources = tuple(schemas)
        for position, of_rows in enumerate(keys.values()):
            indices = torch.tensor([self.classes.index(key) for key in of_rows])
            self.register_buffer(f"class_{position}", indices, persistent=False)
        self.weights = nn.Parameter(torch.empty(len(self.classes), width))
        self.biases = nn.Parameter(torch.empty(len(self.classes)))
        nn.init.zeros_(self.weights)
        nn.init.zeros_(self.biases)

    def forward(
        self, vectors: Mapping[str, Tensor], batch: Batch, stopped: Collection[str] = ()
    ) -> Tensor:
        """The sum over classes of the mean cross-entropy of their rows.

        Parameters
        ----------
        vectors : mapping of source name to tensor of shape (n, h)
            Shared features.
        batch : Batch
        stopped : collection of str
            Tasks whose classes are left out.
        """
        scores = torch.cat([self.scores(reverse_gradient(rows)) for rows in vectors.values()])
        labels = torch.cat([self._labels(name, len(r), batch) for name, r in vectors.items()])
        counts = torch.bincount(labels, minlength=len(self.classes)).clamp(min=1)
        active = [not self._tasks_of[key] <= set(stopped) for key in self.classes]
        weights = scores.new_tensor(active) / counts
        losses = nn.functional.cross_entropy(scores, labels, reduction="none")
        return (losses * weights[labels]).sum()

    def scores(self, vectors: Tensor) -> Tensor:
        """Logits of the classes, (n, n_classes)."""
        return nn.functional.linear(vectors, _SPEED * self.weights, _SPEED * self.biases)

    def owners(self) -> Sequence[Owned]:
        """No task's scores depend on the discriminator."""
        return owned_by(self, ())

    def _labels(self, source: str, n_rows: int, batch: Batch) -> Tensor:
        classes, task = self.get_buffer(f"class_{self._sources.index(source)}"), batch[source].task
        return classes.expand(n_rows) if task is None else classes[task]
