"""Folds of the rows that are not test rows, in which the settings of a tuning are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polytask._validation import message
from polytask.data import FoldSplit, MultiTaskDataset, Split, TimeSplit
from polytask.exceptions import ParameterError

__all__ = ["check_time", "inner_splits"]


def inner_splits(data: MultiTaskDataset, split: Split, folds: int, seed: int) -> list[Split]:
    """Splits that choose settings: the split itself, or folds of its training and validation rows.

    No inner split has a test row of the outer one. Whole groups are drawn where the data has some.

    Parameters
    ----------
    data : MultiTaskDataset
    split : Split
        The outer split, whose test rows estimate.
    folds : int
        With 1, the split's own validation rows choose.
    seed : int

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import RandomSplit
    >>> from polytask.search._inner_splits import inner_splits
    >>> data = polytask.read({"age": range(10), "rich": [0, 1] * 5}, ["rich"])
    >>> (outer,) = RandomSplit().splits(data, seed=0)
    >>> inner = inner_splits(data, outer, folds=2, seed=0)
    >>> [(len(s.train["table"]), len(s.validation["table"]), len(s.test["table"])) for s in inner]
    [(4, 4, 0), (4, 4, 0)]
    """
    if folds == 1:
        return [split]
    rows = {
        name: np.sort(
            np.concatenate([split.train[name], split.validation.get(name, _NONE)]).astype(np.int64)
        )
        for name in split.train
    }
    drawn = FoldSplit(folds, validation=0.0).splits(data.take(rows), seed)
    return [
        replace(
            inner,
            train=_among(rows, inner.train),
            validation=_among(rows, inner.test),
            test=dict.fromkeys(rows, _NONE),
            name=f"{split.name}, inner {inner.name}",
            fold=split.fold,
        )
        for inner in drawn
    ]


_NONE = np.empty(0, dtype=np.int64)


def _among(
    rows: Mapping[str, np.ndarray], positions: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    return {name: rows[name][positions[name]] for name in positions}


def check_time(folds: int, kind: str) -> None:
    """Refuse folds of rows that a splitter of this class splits by time."""
    if folds > 1 and kind == TimeSplit.__name__:
        expected = "1 where rows are split by time, since folds would learn from later rows"
        raise ParameterError(message("tune", "folds", expected, folds))
