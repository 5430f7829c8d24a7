"""Strata: sets of rows to distribute evenly over the parts of a split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy import sparse

from polytask.data.sources import Source
from polytask.tasks import FittedTarget

__all__ = ["strata"]


def strata(source: Source, targets: Mapping[str, FittedTarget]) -> sparse.csr_array:
    """Sparse matrix of rows × strata, 1 where a row belongs to a stratum.

    Each class of each task is a stratum (both values of each column of a multilabel task), and so
    are the events and the other rows of a task with events, and the labelled rows of any other.
    """
    rows, columns, count = [], [], 0
    for members, codes in _codes(source, targets):
        unique, position = np.unique(codes, return_inverse=True)
        rows.append(members)
        columns.append(position.reshape(-1) + count)
        count += len(unique)
    row, column = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(len(row), dtype=np.float64)
    return sparse.csr_array((ones, (row, column)), shape=(source.n_rows, count))


def _codes(
    source: Source, targets: Mapping[str, FittedTarget]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Labelled rows with their codes, per column of every task."""
    labels = source.labelled()
    for task in source.tasks:
        rows, target = labels.rows(task.name), targets[task.name]
        columns, kind = list(labels.columns(task.name).values()), task.known_kind
        truth = kind.truth(columns, target)
        by_column = kind.class_codes(truth, target)
        if by_column is None:
            events = kind.events(truth, target)
            yield rows, np.zeros(len(rows)) if events is None else np.nan_to_num(events)
            continue
        for codes in by_column.T:
            observed = np.isfinite(codes)
            yield rows[observed], codes[observed]
