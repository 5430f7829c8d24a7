"""Removal of labels and rows of weight 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polytask._listing import count
from polytask.data.sources._source import Source
from polytask.exceptions import DataError

__all__ = ["hide_unweighted", "weighing_rows", "zero_weight_notes"]


def hide_unweighted(source: Source) -> Source:
    """Remove the labels of weight 0.

    Raises
    ------
    DataError
        If a label has no weight.
    """
    if source.weights is None or source.labels is None:
        return source
    hidden = {}
    for task in source.tasks.names:
        rows, weights = source.labels.rows(task), source.weights_of(task)
        missing = np.isnan(weights)
        if missing.any():
            sentence = (
                "Every labelled row must have a weight, which 0 leaves out. The weight of "
                f"task {task!r} is missing in row {rows[missing][0]} ({count(int(missing.sum()), 'such row')})."
            )
            raise DataError(sentence)
        if (weights == 0).any():
            hidden[task] = rows[weights == 0]
    return replace(source, labels=source.labels.hide(hidden)) if hidden else source


def weighing_rows(source: Source) -> np.ndarray:
    """Rows of positive weight for any task."""
    if source.weights is None:
        return np.arange(source.n_rows)
    table = source.weights.reshape(source.n_rows, -1)
    return np.flatnonzero((table > 0).any(axis=1))


def zero_weight_notes(source: Source) -> tuple[str, ...]:
    """Note on the number of rows of weight 0."""
    count = source.n_rows - len(weighing_rows(source))
    if not count:
        return ()
    return (f"{count} row{'s' * (count > 1)} of weight 0: left out of training and of metrics",)
