from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, check_parameters
from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._check_shares import SHARE, check_shares
from polytask.data.splits._date_notes import date_notes
from polytask.data.splits._drawn_split import drawn_split
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter

__all__ = ["RandomSplit"]


@dataclass(frozen=True)
class RandomSplit(Splitter):
    """Random split, stratified over the classes, events and missing labels of all tasks.

    If the data has groups, whole groups are drawn. Every class of every task, and the events of
    survival, are in every part if they have enough rows.

    Parameters
    ----------
    test : float, default 0.2
        Share of all rows.
    validation : float, default 0.2
        Share of all rows.

    Notes
    -----
    Whole strata are distributed, beginning with the rarest, where Sechidis, Tsoumakas & Vlahavas
    (2011) distribute single rows.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import RandomSplit
    >>> data = polytask.read({"age": range(10), "rich": [0, 1] * 5}, ["rich"])
    >>> (split,) = RandomSplit(test=0.2, validation=0.2).splits(data, seed=0)
    >>> [len(part["table"]) for part in (split.train, split.validation, split.test)]
    [6, 2, 2]
    """

    test: float = 0.2
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "test": SHARE,
        "validation": SHARE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        check_shares(self.validation, self.test, type(self).__name__)

    def notes(self, dataset: MultiTaskDataset) -> tuple[str, ...]:
        """Note on rows with dates."""
        return date_notes(dataset)

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """One split."""
        return [drawn_split(dataset, self.validation, self.test, seed, "random")]
