"""A network of one task, as the task would have it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor, nn

from polytask._seeds import derived_seed
from polytask.architectures._architecture import Architecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.data import Schema, SourceBatch
from polytask.tasks import TaskSet

__all__ = ["Alone", "schema_of_tasks", "schemas_alone"]

_ONE_SOURCE = "rows"
"""Name of the source of a task that is trained alone, so that networks of tasks of several tables have
one structure."""


class Alone(nn.Module):
    """A task's network, from the inputs of one source to its scores (n, size).

    Parameters
    ----------
    architecture : Architecture
    tasks : TaskSet
        All tasks.
    seed : int
        Of all tasks; the task's own is derived from it and the name.
    name : str
        The task.
    schemas : mapping of source name to Schema
        Of the sources that carry the task.
    """

    network: MultiTaskModule

    def __init__(
        self,
        architecture: Architecture,
        tasks: TaskSet,
        seed: int,
        name: str,
        schemas: Mapping[str, Schema],
    ) -> None:
        super().__init__()
        own = {source: schema_of_tasks(schema, [name]) for source, schema in schemas.items()}
        self.network = architecture.build(own, tasks.subset([name]), derived_seed(seed, name))

    def forward(self, inputs: Mapping[str, Tensor], source: str) -> Tensor:
        """Scores of a source's rows."""
        (block,) = self.network.blocks
        rows = {source: SourceBatch(inputs, members=self.network.n_members)}
        scores: Tensor = self.network(rows)[source, block.name]
        return scores[:, 0]

    def trained(self) -> MultiTaskModule:
        """The network as it is trained."""
        return self.network


def schemas_alone(schemas: Mapping[str, Schema], names: Sequence[str]) -> dict[str, Schema]:
    """Schemas of tasks that have no others beside them; a single source is named "rows"."""
    own = {source: schema_of_tasks(schema, names) for source, schema in schemas.items()}
    return dict(zip([_ONE_SOURCE], own.values(), strict=True)) if len(own) == 1 else own


def schema_of_tasks(schema: Schema, names: Sequence[str]) -> Schema:
    """The schema of a source with the labels of some tasks, as far as it carries them."""
    targets = {name: schema.targets[name] for name in names if name in schema.targets}
    return replace(schema, targets=targets, task_column=None, own_rows=False)
