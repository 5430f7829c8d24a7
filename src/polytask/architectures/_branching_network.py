"""A trunk for all tasks that branches into copies of its later stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import nn

from polytask.architectures._branches import Branches, Partition
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._stages import Stages, advance_all
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["BranchingNetwork"]


class BranchingNetwork(EncoderNetwork):
    """A tree of stages, with its trunk up to the last stage that all tasks share.

    Parameters
    ----------
    owner : str
        The recipe's name, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    partitions : callable
        Of the number of stages: for each stage the groups of tasks that share a copy of it; tasks
        in none of them skip it.

    Attributes
    ----------
    shape : tuple of int
        Shape of a row's features, which are those of the trunk.
    """

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        partitions: Callable[[int], Sequence[Partition]],
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks)
        stages = Stages(encoder, self.inputs)
        of_stages = partitions(len(stages))
        n_shared = _n_shared(of_stages, len(tasks))
        own = of_stages[n_shared:]
        self.trunk = nn.ModuleList(list(stages)[:n_shared])
        self.shape = stages.shapes[n_shared]
        self.branches = Branches(encoder, self.inputs, own, tasks, n_shared)
        self.heads = Heads(
            self.blocks,
            tasks,
            stages.shape,
            per_task=len(self.branches) > 0,
            members=self.n_members,
        )

    def features(self, batch: Batch) -> Mapping[str, State]:
        """The trunk's output for the rows of every source in the batch."""
        states: Mapping[str, State] = self.inputs(batch)
        for stage in self.trunk:
            states = advance_all(stage, states)
        return states

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the trunk's output, by the branch of each task."""
        return self.heads(self.branches(features, batch) if self.branches else features, batch)


def _n_shared(partitions: Sequence[Partition], n_tasks: int) -> int:
    """How many stages from the inputs up all tasks share."""
    shared = [len(groups) == 1 and len(groups[0]) == n_tasks for groups in partitions]
    return shared.index(False) if False in shared else len(shared)
