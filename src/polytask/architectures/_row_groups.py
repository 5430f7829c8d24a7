"""Rows of one task each, grouped by their tasks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

__all__ = ["RowGroups", "group_rows"]


class RowGroups(NamedTuple):
    """Positions of rows by task, so that equal modules of all tasks run on rows of their own.

    Attributes
    ----------
    rows : tensor of shape (n_tasks, m), int
        Rows of each task; the first row stands where a task has fewer than m.
    sizes : list of int
        Rows that each task has.
    group, rank : tensor of shape (n,), int
        Where each row stands in `rows`.
    """

    rows: Int[Tensor, "n_tasks m"]
    sizes: list[int]
    group: Int[Tensor, " n"]
    rank: Int[Tensor, " n"]

    def gather(self, values: Tensor) -> Tensor:
        """Values (n, …) by task: (n_tasks, m, …)."""
        return values[self.rows]

    def scatter(self, grouped: Tensor) -> Tensor:
        """Values by task, (n_tasks, m, …), in the order of the rows: (n, …)."""
        return grouped[self.group, self.rank]


def group_rows(group: Int[Tensor, " n"], n_groups: int) -> RowGroups:
    """Group n rows by the position of their task.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._row_groups import group_rows
    >>> group_rows(torch.tensor([1, 0, 1]), 2).rows
    tensor([[1, 0],
            [0, 2]])
    """
    counts = torch.bincount(group, minlength=n_groups)
    order = torch.argsort(group, stable=True)
    starts = counts.cumsum(0) - counts
    in_order = torch.arange(len(group), device=group.device) - starts[group[order]]
    rank = torch.empty_like(group)
    rank[order] = in_order
    sizes = counts.tolist()
    rows = torch.zeros(n_groups, max(sizes, default=0), dtype=torch.int64, device=group.device)
    rows[group, rank] = torch.arange(len(group), device=group.device)
    return RowGroups(rows, sizes, group, rank)
