from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int64

from polytask._validation import Constraint, InstanceOf, check_parameters
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import for_each_source, named_by_source
from polytask.data.splits._check_shares import SHARE, check_shares
from polytask.data.splits._drawn_split import check_training_rows
from polytask.data.splits._in_every_source import check_in_every_source
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter
from polytask.data.splits._time_order import time_column, time_ranks
from polytask.exceptions import DataError

__all__ = ["TimeSplit"]


@dataclass(frozen=True)
class TimeSplit(Splitter):
    """Split by time: the latest rows test, the latest of the others validate, the earliest train.

    Rows of equal time stay in one part, also across sources. Rows without a time train.

    Parameters
    ----------
    column : str
        An input column of dates, times or numbers, also as text.
    test : float, default 0.2
        Share of the rows with a time, as near as rows of equal time allow.
    validation : float, default 0.2
        Share of the rows with a time, as near as rows of equal time allow.
    as_input : bool, default True
        Whether models learn from the column too.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import TimeSplit
    >>> table = {"age": range(10), "rich": [0, 1] * 5, "year": [2020, 2024, 2021, 2022, 2023] * 2}
    >>> data = polytask.read(table, ["rich"])
    >>> (split,) = TimeSplit("year").splits(data, seed=0)
    >>> split.test["table"], split.validation["table"]
    (array([1, 6]), array([4, 9]))
    """

    column: str
    test: float = 0.2
    validation: float = 0.2
    as_input: bool = True

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "column": InstanceOf((str,)),
        "test": SHARE,
        "validation": SHARE,
        "as_input": InstanceOf((bool,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        check_shares(self.validation, self.test, type(self).__name__)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The column, unless models learn from it."""
        return () if self.as_input else (self.column,)

    def notes(self, dataset: MultiTaskDataset) -> tuple[str, ...]:
        """Notes on rows without a time, and on groups in several parts."""
        ranks = self._ranks(dataset)
        parts = self._parts(ranks)
        timeless = {name: self._timeless(own) for name, own in ranks.items()}
        notes = [*named_by_source(timeless)]
        parted = _parted_groups(dataset, parts)
        if parted:
            groups = f"{parted} group{'s have' if parted > 1 else ' has'}"
            notes.append(f"{groups} rows both before and after the split by time")
        return tuple(notes)

    def _timeless(self, ranks: Int64[np.ndarray, " n"]) -> Iterator[str]:
        """Note on the number of a source's rows without a time, if any."""
        timeless = int((ranks < 0).sum())
        if timeless:
            rows = f"{timeless} row{'s have' if timeless > 1 else ' has'}"
            yield f"{rows} no time in {self.column!r}: they train"

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """One split, whatever the seed."""
        del seed
        parts = self._parts(self._ranks(dataset))
        train, validation, test = (
            {name: np.flatnonzero(part == number) for name, part in parts.items()}
            for number in range(3)
        )
        check_training_rows(dataset, train)
        return [Split(train, validation, test, "time")]

    def _ranks(self, dataset: MultiTaskDataset) -> dict[str, Int64[np.ndarray, " n"]]:
        """Rank of each row's time among all sources, per source."""
        check_in_every_source(dataset.sources, self.column, "time")
        columns = for_each_source(dataset.sources, lambda s: time_column(s, self.column))
        return dict(zip(columns, time_ranks(list(columns.values())), strict=True))

    def _parts(
        self, ranks: Mapping[str, Int64[np.ndarray, " n"]]
    ) -> dict[str, Int64[np.ndarray, " n"]]:
        """0 (train), 1 (validation) or 2 (test) for every row, per source."""
        together = np.concatenate(list(ranks.values()))
        counts = np.bincount(together[together >= 0])
        needed = 1 + (self.test > 0) + (self.validation > 0)
        if len(counts) < needed:
            sentence = (
                f"The time column {self.column!r} holds {len(counts)} distinct "
                f"time{'s' * (len(counts) != 1)}, too few to split in {needed} parts: at least "
                f"{needed} are needed."
            )
            raise DataError(sentence)
        n_rows = int(counts.sum())
        first_test = _first_of_last(counts, self.test * n_rows, 1 + (self.validation > 0))
        first_validation = _first_of_last(counts[:first_test], self.validation * n_rows, 1)
        edges = [first_validation, first_test]
        return {name: np.searchsorted(edges, own, side="right") for name, own in ranks.items()}


def _first_of_last(counts: Int64[np.ndarray, " times"], wanted: float, before: int) -> int:
    """The first of the last times whose number of rows is nearest to a wanted one.

    Parameters
    ----------
    counts : array of shape (times,)
        Rows of every time.
    wanted : float
        Rows; 0 takes no time at all.
    before : int
        Number of times that must remain before it.
    """
    if not wanted:
        return len(counts)
    behind = np.cumsum(counts[::-1])[::-1][before:]
    return before + int(np.abs(behind - wanted).argmin())


def _parted_groups(dataset: MultiTaskDataset, parts: Mapping[str, Int64[np.ndarray, " n"]]) -> int:
    """Number of groups with rows in several parts."""
    grouped = [source for source in dataset.sources if source.groups is not None]
    if not grouped:
        return 0
    groups = np.concatenate([np.asarray(source.groups) for source in grouped])
    numbers = np.concatenate([parts[source.name] for source in grouped])
    pairs = np.unique(np.stack([groups, numbers]), axis=1)
    return int((np.unique(pairs[0], return_counts=True)[1] > 1).sum())
