"""Independent units among test rows: rows, or groups of rows."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from polytask.data import MultiTaskDataset

__all__ = ["unit_ids"]


def unit_ids(data: MultiTaskDataset) -> Int64[np.ndarray, " n"]:
    """The unit of every row of the whole data set, its sources one after another.

    Equal groups are one unit in all sources; a row without a group is a unit of its own.
    """
    groups = [source.groups for source in data.sources if source.groups is not None]
    first_free = 1 + max((int(codes.max(initial=-1)) for codes in groups), default=-1)
    ids: list[np.ndarray] = []
    start = first_free
    for source in data.sources:
        alone = np.arange(start, start + source.n_rows, dtype=np.int64)
        ids.append(alone if source.groups is None else source.groups.astype(np.int64))
        start += source.n_rows
    return np.concatenate(ids)
