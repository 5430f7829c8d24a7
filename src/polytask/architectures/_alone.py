"""A network of one task, as the task would have it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor, nn

from polytask._seeds import derived_seed
from polytask.architectures._architecture import Architecture
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.data import Batch, Block, Schema, SourceBatch
from polytask.encoders import State
from polytask.tasks import TaskSet

__all__ = ["Alone", "Pass", "Scores", "rows_of_task"]


class Pass(NamedTuple):
    """One forward pass of a task's network over the task's own rows.

    Attributes
    ----------
    rows : Batch
    features : mapping of source name to State
        {} where the network has none.
    raw : Raw
    """

    rows: Batch
    features: Mapping[str, State]
    raw: Raw

    def scores(self, source: str) -> Tensor:
        """The task's scores (n, size) of a source's rows."""
        (scores,) = (own for (name, _), own in self.raw.items() if name == source)
        return scores[:, 0]


class Scores(Raw):
    """Raw scores of all tasks, with the passes of single tasks that they come from.

    Attributes
    ----------
    passes : mapping of task name to Pass
    """

    def __init__(self, raw: Raw, passes: Mapping[str, Pass]) -> None:
        super().__init__(raw)
        self.passes = passes


class Alone(nn.Module):
    """A task's network, from the inputs of one source to its scores (n, size).

    Parameters
    ----------
    architecture : Architecture
    schemas : mapping of source name to Schema
        Of all tasks.
    tasks : TaskSet
        All tasks.
    name : str
        The task.
    sources : sequence of str
        Those that carry the task.
    seed : int
        Of all tasks; the task's own is derived from it and the name.
    """

    network: MultiTaskModule

    def __init__(
        self,
        architecture: Architecture,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        name: str,
        sources: Sequence[str],
        seed: int,
    ) -> None:
        super().__init__()
        own = {source: _of_one_task(schemas[source], name) for source in sources}
        self.network = architecture.build(own, tasks.subset([name]), derived_seed(seed, name))

    def forward(self, inputs: Mapping[str, Tensor], source: str) -> Tensor:
        """Scores of a source's rows."""
        scores: Tensor = self.network(
            {source: SourceBatch(inputs, members=self.network.n_members)}
        )[source, self.block.name]
        return scores[:, 0]

    @property
    def penalizes(self) -> bool:
        """Whether the network has a penalty of a batch."""
        return self.network.has_batch_penalty

    @property
    def block(self) -> Block:
        """The block of the task in its network."""
        (block,) = self.network.blocks
        return block

    def passed(self, rows: Batch) -> Pass:
        """Features and scores of the task's rows in one pass, for penalties of a batch."""
        features = self.network.features(rows)
        raw = self.network(rows) if features is None else self.network.answer(features, rows)
        return Pass(rows, features or {}, raw)


def rows_of_task(
    rows: SourceBatch, position: int, column: int, blocks: tuple[str, str]
) -> SourceBatch | None:
    """A task's rows of a replicated batch as its own network takes them; None if it has none.

    Parameters
    ----------
    rows : SourceBatch
    position : int
        Of the task among those of the source.
    column : int
        Of the task among those of its block in the source.
    blocks : tuple of str
        Names of the task's block in the batch and in its own network.
    """
    block, own_block = blocks
    some = next(iter(rows.inputs.values()))
    n_rows = some.shape[1] if rows.sizes is None else int(rows.sizes[position])
    if not n_rows:
        return None
    inputs = {name: part[position, :n_rows] for name, part in rows.inputs.items()}
    labels = None if rows.targets is None else rows.targets.get(block)
    targets = None
    if labels is not None:
        n_labels = n_rows * rows.members
        targets = {own_block: labels.map(lambda array: array[:n_labels, column : column + 1])}
    return SourceBatch(inputs, targets=targets, members=rows.members)


def _of_one_task(schema: Schema, name: str) -> Schema:
    return replace(schema, targets={name: schema.targets[name]}, task_column=None, own_rows=False)
