"""Rows as many at a time as a network takes."""

from __future__ import annotations

from collections.abc import Iterator

from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.data import SourceBatch

__all__ = ["row_chunks"]


def row_chunks(
    network: MultiTaskModule, rows: SourceBatch, rows_at_once: int | None = None
) -> Iterator[SourceBatch]:
    """Consecutive rows without labels, so few that they fit with the rows of all members.

    Parameters
    ----------
    network : MultiTaskModule
    rows : SourceBatch of tensors
    rows_at_once : int, optional
        Rows of one member; by default what the network states.
    """
    at_once = network.rows_at_once if rows_at_once is None else rows_at_once
    size = max(1, at_once // network.n_members)
    plain = rows.without_targets()
    for start in range(0, rows.n_rows, size):
        yield plain.take(slice(start, start + size))
