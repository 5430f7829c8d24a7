"""The rows of a task in one column, for losses that compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Int64
from torch import Tensor

from polytask.losses._labelled_scores import Cells

__all__ = ["rows_together"]


def rows_together(
    cells: Sequence[Cells], tasks: Int64[Tensor, " k"], places: Int64[Tensor, " n_tasks"]
) -> Cells:
    """All rows of a block, with a column for each task and member of an ensemble.

    Rows of several sources are below one another; columns with fewer rows are filled up with rows
    without labels.

    Parameters
    ----------
    cells : sequence of Cells
        Those of the block, at least one.
    tasks : tensor of shape (k,)
        Positions in the task set of the block's tasks.
    places : tensor of shape (n_tasks,)
        Positions in the block of the tasks of the set.
    """
    n_members = cells[0].members
    if len(cells) == 1 and not cells[0].by_row:
        return _members_apart(cells[0])
    parts = [_cell_by_cell(part) for part in cells]
    member = torch.cat([_member_of_cells(part) for part in cells])
    column = places[torch.cat([part.tasks for part in parts])] * n_members + member
    n_columns = len(tasks) * n_members
    row = _number_within(column, n_columns)
    height = int(row.max()) + 1 if len(row) else 1

    def spread(given: Sequence[Tensor]) -> Tensor:
        joined = torch.cat(list(given))
        return joined.new_zeros(height, n_columns, *joined.shape[1:]).index_put(
            (row, column), joined
        )

    def spread_factors(given: Sequence[float | Tensor | None]) -> Tensor | None:
        if all(factor is None for factor in given):
            return None
        ones = [torch.ones_like(part.tasks, dtype=torch.float32) for part in parts]
        pairs = zip(ones, given, strict=True)
        return spread([one if factor is None else one * factor for one, factor in pairs])

    return Cells(
        cells[0].block,
        (),  # whichever these are, columns are all tasks of the block
        spread([part.scores for part in parts]),
        spread([part.values for part in parts]),
        spread([part.mask for part in parts]),
        spread_factors([part.weight for part in parts]),
        tasks.repeat_interleave(n_members),
        by_row=False,
        scale=spread_factors([part.scale for part in parts]),
        members=n_members,
    )


def _members_apart(cells: Cells) -> Cells:
    """Columns of each member, from rows of which each stands once for every member."""
    n_members, n_tasks = cells.members, len(cells.tasks)
    if n_members == 1:
        return cells

    def apart(rows: Tensor) -> Tensor:
        return rows.reshape(len(rows) // n_members, n_members * n_tasks, *rows.shape[2:])

    return _mapped(cells, apart, cells.tasks.repeat(n_members))


def _cell_by_cell(cells: Cells) -> Cells:
    """Each row and task as a row of its own."""
    if cells.by_row:
        return cells
    tasks = cells.tasks.repeat(len(cells.scores))
    return replace(_mapped(cells, lambda rows: rows.flatten(0, 1), tasks), by_row=True)


def _mapped(cells: Cells, function: Callable[[Tensor], Tensor], tasks: Tensor) -> Cells:
    return replace(
        cells,
        scores=function(cells.scores),
        values=function(cells.values),
        mask=function(cells.mask),
        weight=None if cells.weight is None else function(cells.weight),
        tasks=tasks,
    )


def _member_of_cells(cells: Cells) -> Int64[Tensor, " cells"]:
    """The member of the ensemble that scored each row and task."""
    member = torch.arange(len(cells.scores), device=cells.scores.device) % cells.members
    return member if cells.by_row else member.repeat_interleave(len(cells.tasks))


def _number_within(column: Int64[Tensor, " n"], n_columns: int) -> Int64[Tensor, " n"]:
    """How many entries of the same column come before each."""
    order = column.argsort(stable=True)
    sizes = column.bincount(minlength=n_columns)
    starts = sizes.cumsum(0) - sizes
    numbers = torch.empty_like(column)
    numbers[order] = torch.arange(len(column), device=column.device) - starts[column[order]]
    return numbers
