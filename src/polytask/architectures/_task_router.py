"""A classifier of the task that each row belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._places import places_among
from polytask.data import Batch, Schema
from polytask.encoders import State, mean_pool
from polytask.tasks import TaskSet

__all__ = ["TaskRouter"]


class TaskRouter(Owner):
    """A linear layer from a row's features to a score per task of its source.

    Parameters
    ----------
    width : int
        Of the features, after mean-pooling.
    schemas : mapping of source name to Schema
    tasks : TaskSet

    Attributes
    ----------
    sources : tuple of str
        Sources whose rows each belong to one of several tasks.
    """

    def __init__(self, width: int, schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
        super().__init__()
        self.linear = nn.Linear(width, len(tasks))
        carried = {
            name: [k for k, task in enumerate(tasks.names) if task in schema.targets]
            for name, schema in schemas.items()
            if schema.own_rows and len(schema.targets) > 1
        }
        self.sources = tuple(carried)
        for position, members in enumerate(carried.values()):
            self.register_buffer(f"members_{position}", torch.tensor(members), persistent=False)
            place = places_among(members, len(tasks))
            self.register_buffer(f"place_{position}", place, persistent=False)

    def forward(self, source: str, state: State) -> Float[Tensor, "n n_tasks"]:
        """Scores of the source's tasks, whose softmax is the probability of each."""
        members = self.get_buffer(f"members_{self.sources.index(source)}")
        scores: Tensor = self.linear(mean_pool(state))
        return scores if len(members) == scores.shape[1] else scores[:, members]

    def loss(self, features: Mapping[str, State], batch: Batch) -> Float[Tensor, ""] | None:
        """Mean cross-entropy of the rows' tasks; None without such rows in the batch."""
        terms, n_rows = [], 0
        for position, source in enumerate(self.sources):
            task = batch[source].task if source in features else None
            if task is not None and len(task):
                labels = self.get_buffer(f"place_{position}")[task]
                scores = self(source, features[source])
                terms.append(nn.functional.cross_entropy(scores, labels, reduction="sum"))
                n_rows += len(task)
        return torch.stack(terms).sum() / n_rows if terms else None

    def owners(self) -> Sequence[Owned]:
        """No task's scores depend on the router."""
        return owned_by(self, ())
