"""Truth of labelled rows beside predictions of all rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polytask.data import Source
from polytask.tasks import FittedTarget, Kind

__all__ = ["labelled_parts"]


def labelled_parts(
    task: str, sources: tuple[Source, ...], kind: Kind, target: FittedTarget
) -> Iterator[tuple[Source, np.ndarray, np.ndarray, np.ndarray]]:
    """Per source: positions of its labelled rows in the prediction, those rows, their truth."""
    start = 0
    for source in sources:
        if task not in source.tasks.names:
            continue
        predicted, labelled = source.rows_of(task), source.labelled().rows(task)
        columns = source.labelled().columns(task)
        truth = kind.truth([columns[name] for name in target.columns], target)
        yield source, start + np.searchsorted(predicted, labelled), labelled, truth
        start += len(predicted)
