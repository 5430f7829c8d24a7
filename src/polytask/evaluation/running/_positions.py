"""Positions of rows in the whole data set, by which predictions of different learners are paired."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from polytask.data import MultiTaskDataset

__all__ = ["positions"]


def positions(
    data: MultiTaskDataset,
    rows: Mapping[str, np.ndarray],
    tasks: Collection[str] | None = None,
) -> dict[str, np.ndarray]:
    """Position in the whole data set, the sources one after another, of some rows of each source.

    Parameters
    ----------
    data : MultiTaskDataset
    rows : mapping of source name to array
    tasks : collection of str, optional
        Leave out rows that belong to another task alone, as `MultiTaskDataset.of_tasks` does; by
        default none.
    """
    left_out = set() if tasks is None else set(data.tasks.names) - set(tasks)
    found, start, none = {}, 0, np.zeros(0, dtype=np.int64)
    for source in data.sources:
        kept = np.zeros(source.n_rows, dtype=bool)
        kept[source.rows_without(left_out)] = True
        own = rows.get(source.name, none)
        found[source.name] = start + own[kept[own]]
        start += source.n_rows
    return found
