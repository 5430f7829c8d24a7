"""The contract of an architecture: a recipe, and the module it builds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.data import Batch, Block, Schema
from polytask.tasks import TaskSet

__all__ = ["Architecture", "MultiTaskModule", "Raw"]

Raw = dict[str, Tensor]
"""One score tensor a block: (n, n_tasks, size), or (n, size) where each row has one task."""


class MultiTaskModule(nn.Module, ABC):
    """A network over a batch of rows that gives one score tensor a block.

    Attributes
    ----------
    blocks : tuple of Block
        The blocks it answers for.
    replicated : bool
        Whether it holds one network per task and takes replicated batches, in which each task
        has rows of its own drawn.
    rows_apart : bool
        Whether a row's features depend on that row alone, but for batch statistics. Gradients
        of tasks with rows of their own are then found in one backward pass.
    """

    blocks: tuple[Block, ...]
    replicated: bool = False
    rows_apart: bool = False

    @abstractmethod
    def forward(self, batch: Batch) -> Raw:
        """Raw scores of every block that the batch has rows for."""

    @abstractmethod
    def parameter_groups(self) -> Mapping[frozenset[str], Sequence[nn.Parameter]]:
        """Trainable parameters by the tasks that use them; together all of them, each once.

        A stacked parameter whose slices belong to single tasks is task-owned: its key holds
        those tasks, and `task_owned` names the order of its slices.
        """

    def task_owned(self) -> Mapping[nn.Parameter, tuple[str, ...]]:
        """Stacked parameters whose i-th slice along axis 0 belongs to the i-th named task alone."""
        return {}

    def task_tensors(self) -> Sequence[tuple[Tensor, tuple[str, ...], bool]]:
        """Parameters and buffers of single tasks: tensor, its tasks, and whether it is stacked.

        A stacked tensor holds the i-th task's part in slice i; any other belongs to its only
        task as a whole.
        """
        return [(parameter, tasks, True) for parameter, tasks in self.task_owned().items()]

    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters through which several tasks meet."""
        owned = set(self.task_owned())
        groups = self.parameter_groups()
        return [
            p for tasks, group in groups.items() if len(tasks) > 1 for p in group if p not in owned
        ]

    def penalty(self) -> Float[Tensor, ""]:
        """The architecture's own regulariser, added after balancing; zero by default."""
        parameter = next(self.parameters(), None)
        return torch.zeros((), device=None if parameter is None else parameter.device)

    def features(self, batch: Batch) -> Mapping[str, Tensor] | None:
        """The last common representation of every source's rows, where one exists."""
        del batch
        return None

    def answer(self, features: Mapping[str, Tensor], batch: Batch) -> Raw:
        """Raw scores from `features`; ``forward(batch)`` is ``answer(features(batch), batch)``."""
        del features, batch
        sentence = f"{type(self).__name__} has no last common representation."
        raise NotImplementedError(sentence)


class Architecture(ABC):
    """A recipe: a frozen dataclass of plain arguments that builds a module.

    Attributes
    ----------
    shares : bool
        Whether tasks share anything; False for single-task baselines.
    """

    shares: ClassVar[bool] = True

    @abstractmethod
    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build the network for fitted schemas; equal seeds give equal parameters.

        Parameters
        ----------
        schemas : mapping of source name to Schema
        tasks : TaskSet
        seed : int
            Seeds the initial parameters; the global generator is left as it was.
        """

    def single_task(self) -> Architecture | None:
        """The recipe that learns each task alone by the same means, where there is one."""
        return None
