from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, Interval, check_parameters, message
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import fit_targets
from polytask.data.splits._check_shares import SHARE
from polytask.data.splits._date_notes import date_notes
from polytask.data.splits._drawn_split import check_training_rows, drawn_validation
from polytask.data.splits._partition import partitions
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter
from polytask.exceptions import ParameterError
from polytask.tasks import FittedTarget

__all__ = ["FOLDS", "FoldSplit", "check_folds"]

_MOST_SPLITS = 10_000

FOLDS: Mapping[str, Constraint] = {
    "folds": Interval(int, 2, 1_000),
    "repeats": Interval(int, 1, 1_000),
    "validation": SHARE,
}


@dataclass(frozen=True)
class FoldSplit(Splitter):
    """Cross-validation: every row tests once per repetition, in folds drawn by seed.

    Folds are stratified over the classes, events and missing labels of all tasks, as in `RandomSplit`.
    If the data has groups, whole groups are drawn.

    Parameters
    ----------
    folds : int, default 5
    repeats : int, default 1
        Number of repetitions with new folds; ``folds * repeats`` splits in total.
    validation : float, default 0.2
        Share of all rows, drawn from those that are not test rows.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import FoldSplit
    >>> data = polytask.read({"age": range(10), "rich": [0, 1] * 5}, ["rich"])
    >>> splits = FoldSplit(folds=5, repeats=2).splits(data, seed=0)
    >>> len(splits), [len(part["table"]) for part in (splits[0].train, splits[0].test)]
    (10, [6, 2])
    """

    folds: int = 5
    repeats: int = 1
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = FOLDS

    def __post_init__(self) -> None:
        check_parameters(self)
        check_folds(type(self).__name__, self.folds, self.repeats, self.validation)

    def notes(self, dataset: MultiTaskDataset) -> tuple[str, ...]:
        """Note on rows with dates."""
        return date_notes(dataset)

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """Return `folds` splits per repetition."""
        targets = fit_targets(dataset.sources)
        return [
            split
            for repetition in range(self.repeats)
            for split in self._repetition(dataset, targets, seed, repetition)
        ]

    def _repetition(
        self, dataset: MultiTaskDataset, targets: Mapping[str, FittedTarget], seed: int, number: int
    ) -> Iterator[Split]:
        generator = np.random.default_rng([seed, number])
        parts = partitions(dataset.sources, targets, [1 / self.folds] * self.folds, generator)
        share = self.validation / (1 - 1 / self.folds)
        for fold in range(self.folds):
            test = {name: rows[fold] for name, rows in parts.items()}
            train: Mapping[str, np.ndarray] = {
                name: np.sort(np.concatenate([*rows[:fold], *rows[fold + 1 :]]))
                for name, rows in parts.items()
            }
            check_training_rows(dataset, train)
            validation: Mapping[str, np.ndarray] = {}
            if share:
                train, validation = drawn_validation(dataset, train, share, generator)
                check_training_rows(dataset, train)
            name = f"fold {fold + 1} of {self.folds}"
            if self.repeats > 1:
                name = f"{name}, repetition {number + 1}"
            yield Split(train, validation, test, name, number * self.folds + fold, number)


def check_folds(owner: str, folds: int, repeats: int, validation: float) -> None:
    """Raise if there are too many splits, or no rows remain for training."""
    if folds * repeats > _MOST_SPLITS:
        expected = f"at most {_MOST_SPLITS // folds:,} with folds={folds}"
        raise ParameterError(message(owner, "repeats", expected, repeats))
    if validation + 1 / folds >= 1:
        expected = f"less than {1 - 1 / folds:g} with folds={folds}"
        remedy = "Leave rows to train on."
        raise ParameterError(message(owner, "validation", expected, validation, remedy))
