"""Counts of labelled rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polytask.data import MultiTaskDataset

__all__ = ["labelled_rows"]


def labelled_rows(data: MultiTaskDataset, rows: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Count the labelled rows of every task among some rows of every source."""
    counts = dict.fromkeys(data.tasks.names, 0)
    for source in data.sources:
        if source.name in rows:
            labels = source.labelled().take(rows[source.name])
            for name in source.tasks.names:
                counts[name] += len(labels.rows(name))
    return counts
