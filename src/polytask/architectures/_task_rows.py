"""Rows of a source and the tasks that condition them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from polytask.architectures._places import places_among
from polytask.architectures._row_groups import RowGroups, group_rows
from polytask.encoders import State
from polytask.exceptions import ParameterError

__all__ = ["TaskRows", "task_rows"]


class TaskRows(NamedTuple):
    """Which task conditions each row: every task of the source in turn, or the row's own.

    Flat values are (n_tasks * n, …), task by task, or (n, …) where each row has one task. By task
    they are (n_tasks, m, …).

    Attributes
    ----------
    members : tensor of shape (n_tasks,), int64, or None
        Positions of the source's tasks in the task set; None if they are all.
    n_tasks, n_rows : int
    groups : RowGroups, optional
        Where each row has one task.
    """

    members: Tensor | None
    n_tasks: int
    n_rows: int
    groups: RowGroups | None

    def of(self, parameter: Tensor) -> Tensor:
        """The source's tasks among stacked parameters of all."""
        return parameter if self.members is None else parameter[self.members]

    def repeated(self, state: State) -> State:
        """Flat values and mask of rows (n, …) that no task has conditioned yet."""
        if self.groups is not None:
            return state
        values, mask = state
        every = values.expand(self.n_tasks, *values.shape).flatten(0, 1)
        return State(every, None if mask is None else mask.repeat(self.n_tasks, 1))

    def by_task(self, values: Tensor) -> Tensor:
        """Flat values by task.

        Raises
        ------
        ParameterError
            If they have another number of rows.
        """
        n_flat = self.n_rows * (1 if self.groups is not None else self.n_tasks)
        if len(values) != n_flat:
            sentence = (
                "The `encoder` parameter must have stages that keep rows on the first axis, since "
                f"each row is conditioned on a task. Got {len(values)} rows instead of {n_flat}."
            )
            raise ParameterError(sentence)
        if self.groups is not None:
            return self.groups.gather(values)
        return values.reshape(self.n_tasks, self.n_rows, *values.shape[1:])

    def flat(self, values: Tensor) -> Tensor:
        """Flat values of those by task."""
        return values.flatten(0, 1) if self.groups is None else self.groups.scatter(values)

    def features(self, state: State) -> State:
        """Values (n_tasks, n, …) under one mask, or (n, …) where each row has one task."""
        if self.groups is not None:
            return state
        values, mask = state
        return State(self.by_task(values), None if mask is None else mask[: self.n_rows])


def task_rows(
    members: Sequence[int], n_tasks: int, n_rows: int, task: Tensor | None, device: torch.device
) -> TaskRows:
    """Lay out n rows of a source.

    Parameters
    ----------
    members : sequence of int
        Positions of the source's tasks in the task set.
    n_tasks : int
        Tasks of the task set.
    n_rows : int
    task : tensor of shape (n,), int64, or None
        Position in the task set of each row's task, where every row has one.
    device : torch.device

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._task_rows import task_rows
    >>> rows = task_rows([0, 2], 3, 5, None, torch.device("cpu"))
    >>> rows.by_task(torch.zeros(10, 4)).shape, rows.of(torch.zeros(3, 7)).shape
    (torch.Size([2, 5, 4]), torch.Size([2, 7]))
    """
    some = None if len(members) == n_tasks else torch.tensor(members, device=device)
    if task is None:
        return TaskRows(some, len(members), n_rows, None)
    place = places_among(members, n_tasks, device)
    return TaskRows(some, len(members), n_rows, group_rows(place[task], len(members)))
