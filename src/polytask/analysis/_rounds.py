"""Splits that measure rows which were not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polytask._listing import first_and_more
from polytask._validation import Interval, Optional, check, message
from polytask.data import (
    FoldSplit,
    MultiTaskDataset,
    RandomSplit,
    Split,
    Splitter,
    TimeSplit,
    as_splitter,
)
from polytask.exceptions import ParameterError, TooFewRowsError

__all__ = ["FOLDS", "SEEDS", "Round", "later_rounds", "rounds_of"]

_OWNER = "polytask.analysis"

FOLDS, SEEDS = 5, 3
"""Defaults of all analyses. Two trainings hardly tell how far trainings spread."""

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


def rounds_of(
    data: MultiTaskDataset, split: Split | Splitter | str | None, folds: int | None, seeds: int
) -> tuple[MultiTaskDataset, tuple[Round, ...]]:
    """The rows that are used, and the rounds that measure some of them.

    Parameters
    ----------
    data : MultiTaskDataset
    split : Split, Splitter or str, optional
        Its test rows are left out; of several splits, those of the first. Columns that only
        determine a split are no inputs, and its groups stay whole in the folds, too.
    folds : int, optional
        None measures the split's validation rows.
    seeds : int

    Raises
    ------
    ParameterError
        If an argument is invalid, rows that are split by time are to be measured by folds,
        without folds there are no validation rows, or groups of rows hold all rows of a task.
    """
    check(_OWNER, "folds", folds, Optional(Interval(int, 2, 100)))
    check(_OWNER, "seeds", seeds, Interval(int, 1, 1000))
    try:
        return _rounds_of(data, split, folds, seeds)
    except TooFewRowsError as error:
        if not error.tasks or not _has_groups(data, split):
            raise
        raise ParameterError(_without_rows(split, error.tasks)) from error


def _rounds_of(
    data: MultiTaskDataset, split: Split | Splitter | str | None, folds: int | None, seeds: int
) -> tuple[MultiTaskDataset, tuple[Round, ...]]:
    data, chosen = _first(data, split, folds)
    if folds is not None:
        data = data if chosen is None else data.take(_with_validation(chosen))
        return data, _fold_rounds(data, folds, seeds)
    if chosen is None or not sum(len(rows) for rows in chosen.validation.values()):
        expected = "a split with validation rows, as folds=None measures these"
        raise ParameterError(message(_OWNER, "split", expected, split))
    return data, tuple(Round(seed, (_stopping_apart(data, chosen, seed),)) for seed in range(seeds))


def later_rounds(
    train: MultiTaskDataset, validation: MultiTaskDataset, seeds: int
) -> tuple[MultiTaskDataset, tuple[Round, ...]]:
    """Rounds that train on some rows and measure others, such as those that are later.

    Parameters
    ----------
    train : MultiTaskDataset
        Of its rows 15 % decide when to stop, drawn anew per seed.
    validation : MultiTaskDataset
        The rows that are measured, which are the rows of the result.
    seeds : int

    Raises
    ------
    ParameterError
        If there are no rows to measure.
    """
    if not validation.n_rows:
        expected = "a data set with rows, by which groups are verified where rows are split by time"
        raise ParameterError(message(_OWNER, "validation", expected, validation.n_rows))
    return validation, tuple(
        Round(seed, (_later(train, validation, seed),)) for seed in range(seeds)
    )


def _later(train: MultiTaskDataset, validation: MultiTaskDataset, seed: int) -> Split:
    (inner,) = RandomSplit(test=0.0, validation=_TO_STOP).splits(train, seed)
    measured = {source.name: np.arange(source.n_rows) for source in validation.sources}
    kept, stopping, _ = inner.apply(train)
    return _GivenParts({}, {}, measured, "validation rows", parts=(kept, stopping))


@dataclass(frozen=True, eq=False)
class _GivenParts(Split):
    """A split whose training rows are of another data set than those that it tests."""

    parts: tuple[MultiTaskDataset, ...] = ()

    def apply(
        self, dataset: MultiTaskDataset
    ) -> tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]:
        """The given rows to train on and to stop by, and the test rows of the data set."""
        train, stopping = self.parts
        return train, stopping, dataset.take(self.test)


def _first(
    data: MultiTaskDataset, split: Split | Splitter | str | None, folds: int | None
) -> tuple[MultiTaskDataset, Split | None]:
    """The data as learners get it, and its first split."""
    if split is None or isinstance(split, Split):
        return data, split
    splitter = as_splitter(_OWNER, split, RandomSplit())
    if isinstance(splitter, TimeSplit) and folds is not None:
        expected = "None where rows are split by time, since folds would learn from later rows"
        raise ParameterError(message(_OWNER, "folds", expected, folds))
    first = splitter.splits(data, 0)[0]
    return splitter.prepared(data), first


def _has_groups(data: MultiTaskDataset, split: Split | Splitter | str | None) -> bool:
    """Whether rows are drawn in groups, those of the data or of the split."""
    if split is not None and not isinstance(split, Split):
        data = as_splitter(_OWNER, split, RandomSplit()).prepared(data)
    return any(source.groups is not None for source in data.sources)


def _without_rows(split: Split | Splitter | str | None, tasks: Sequence[str]) -> str:
    """Why groups of rows that separate whole tasks are refused."""
    expected = (
        "a split in whose training rows every task has labels, as each is trained and measured"
    )
    many = len(tasks) > 1
    remedy = (
        f"Groups stay whole, and {'tasks' if many else 'task'} "
        f"{first_and_more([repr(name) for name in tasks])} "
        f"{'have' if many else 'has'} all labels in groups that are held out together. "
        "Name a column whose groups hold rows of several tasks, or split at random."
    )
    return message(_OWNER, "split", expected, split, remedy)


def _with_validation(split: Split) -> dict[str, np.ndarray]:
    """Training and validation rows."""
    names = {*split.train, *split.validation}
    none = np.zeros(0, dtype=np.int64)
    return {
        name: np.sort(
            np.concatenate([split.train.get(name, none), split.validation.get(name, none)])
        )
        for name in names
    }


def _fold_rounds(data: MultiTaskDataset, folds: int, seeds: int) -> tuple[Round, ...]:
    """Rounds that measure all rows by cross-validation, each with folds of its own."""
    splitter = FoldSplit(folds, validation=min(_TO_STOP, (1 - 1 / folds) / 2))
    return tuple(Round(seed, tuple(splitter.splits(data, seed))) for seed in range(seeds))


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
