"""Check of the target cells of a table by the kind of their task."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from polytask.data.cells import NESTED, family
from polytask.data.sources._labels import column_values
from polytask.tasks import Kind, Task

__all__ = ["check_cells"]

_NO_TARGETS = {None, "bytes", "dates", *NESTED}
"""What `check_target` refuses of every kind but those of pixels, which take tensors."""
_NO_PIXELS = _NO_TARGETS - {"tensors"} | {"nothing"}


def check_cells(task: Task, columns: Sequence[pl.Series]) -> None:
    """Raise for cells that the task's kind refuses, if the kind is given.

    Parameters
    ----------
    task : Task
    columns : sequence of polars.Series
        Its target columns in all rows of a table.
    """
    kind = task.kind
    if not isinstance(kind, Kind) or type(kind).check_cells is Kind.check_cells:
        return
    families = {family(column) for column in columns}
    of_pixels = kind.form == "map" and families.isdisjoint(_NO_PIXELS)
    if of_pixels or _NO_TARGETS.isdisjoint(families):
        kind.check_cells(task.name, {column.name: column_values(column) for column in columns})
