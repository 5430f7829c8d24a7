"""Abstract base class of modifications of features by task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor

from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._task_rows import TaskRows

__all__ = ["Condition", "beside", "task_product"]


class Condition(Owner):
    """A map of features with parameters of every task's own, stacked along the first axis.

    Parameters
    ----------
    tasks : sequence of str
        The task of each slice.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)

    @abstractmethod
    def forward(self, values: Tensor, rows: TaskRows) -> Tensor:
        """Conditioned values of values by task.

        Parameters
        ----------
        values : tensor of shape (n_tasks of the source, m, …, c)
            Channels are the last axis, also those of maps.
        rows : TaskRows
            Gives the slices of the source's tasks by `TaskRows.of`.
        """

    def owners(self) -> Sequence[Owned]:
        """Slice k belongs to the k-th task."""
        return owned_by(self, self.tasks, axis=0)


def beside(vectors: Tensor, values: Tensor) -> Tensor:
    """Vectors (n_tasks, c) in the shape that broadcasts with values (n_tasks, m, …, c)."""
    return vectors.view(len(vectors), *[1] * (values.ndim - 2), vectors.shape[-1])


def task_product(values: Tensor, weight: Tensor) -> Tensor:
    """Product of values (n_tasks, m, …, c) and each task's own matrix, (n_tasks, d, c)."""
    apart = [1] * (values.ndim - 3)
    matrices = weight.transpose(1, 2)
    return values @ matrices.view(len(weight), *apart, *matrices.shape[1:])
