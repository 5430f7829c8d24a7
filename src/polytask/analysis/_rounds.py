"""Splits that measure rows which were not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from polytask._validation import message
from polytask.data import FoldSplit, MultiTaskDataset, RandomSplit, Split
from polytask.exceptions import ParameterError

__all__ = ["Round", "fold_rounds", "validation_rounds"]

_TO_STOP = 0.15
"""Share of the rows by which training stops."""


@dataclass(frozen=True, eq=False)
class Round:
    """One measurement of all rows of interest: their networks' seed, and which are trained on.

    Attributes
    ----------
    seed : int
        Of the networks.
    splits : tuple of Split
        Each trains on its `train` rows, stops by its `validation` rows and measures its `test` rows.
    """

    seed: int
    splits: tuple[Split, ...]


def fold_rounds(data: MultiTaskDataset, folds: int, seeds: int) -> tuple[Round, ...]:
    """Rounds that measure all rows by cross-validation, each with folds of its own."""
    splitter = FoldSplit(folds, validation=min(_TO_STOP, (1 - 1 / folds) / 2))
    return tuple(Round(seed, tuple(splitter.splits(data, seed))) for seed in range(seeds))


def validation_rounds(
    data: MultiTaskDataset, split: Split, seeds: int
) -> tuple[Round, ...]:
    """Rounds that measure validation rows, of which no network sees any in training.

    Other rows by which training stops are drawn from the training rows.
    """
    if not sum(len(rows) for rows in split.validation.values()):
        expected = "a split with validation rows, as folds=None measures these"
        raise ParameterError(message("polytask.analysis", "split", expected, split.name))
    return tuple(
        Round(seed, (_stopping_apart(data, split, seed),)) for seed in range(seeds)
    )


def _stopping_apart(data: MultiTaskDataset, split: Split, seed: int) -> Split:
    (inner,) = RandomSplit(test=0.0, validation=_TO_STOP).splits(data.take(split.train), seed)
    return Split(
        _taken(split.train, inner.train),
        _taken(split.train, inner.validation),
        split.validation,
        split.name,
    )


def _taken(
    rows: Mapping[str, np.ndarray], positions: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    return {name: rows[name][chosen] for name, chosen in positions.items() if name in rows}
