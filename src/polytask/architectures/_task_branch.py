"""Towers and heads of some of a network's tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from polytask.architectures._dependencies import blocks_of
from polytask.architectures._heads import Heads
from polytask.architectures._inputs import Inputs
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._places import places_among
from polytask.architectures._towers import Towers
from polytask.data import Batch, Block, SourceBatch
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["TaskBranch"]


class TaskBranch(nn.Module):
    """A tower and a head for each of some tasks; a row passes through those of its own tasks.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
    blocks : sequence of Block
        Of the whole network.
    tasks : TaskSet
        Of the whole network.
    names : sequence of str
        The tasks of the branch, in the order of the set.
    """

    position: Tensor

    def __init__(
        self,
        encoder: Encoder,
        inputs: Inputs,
        blocks: Sequence[Block],
        tasks: TaskSet,
        names: Sequence[str],
    ) -> None:
        super().__init__()
        self.towers = Towers(encoder, inputs, len(names), tasks=names)
        self.heads = Heads(
            blocks_of(blocks, names),
            tasks,
            self.towers.shape,
            per_task=True,
            members=encoder.members,
        )
        position = places_among([tasks.index(name) for name in names], len(tasks))
        self.register_buffer("position", position, persistent=False)

    def forward(self, states: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores of the branch's tasks; where each row has one task, others are meaningless.

        Parameters
        ----------
        states : mapping of source name to State
            After the entries.
        batch : Batch
        """
        carried = {name: state for name, state in states.items() if self.towers.tasks_of[name]}
        own = {name: self._in_branch(batch[name]) for name in carried}
        return self.heads(self.towers(carried, own), batch)

    def _in_branch(self, rows: SourceBatch) -> SourceBatch:
        """The rows with positions of their tasks in the branch."""
        return SourceBatch(rows.inputs, None if rows.task is None else self.position[rows.task])
