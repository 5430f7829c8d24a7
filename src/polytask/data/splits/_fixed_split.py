from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from polytask._listing import count
from polytask._validation import Constraint, Each, InstanceOf, check_parameters
from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._check_shares import SHARE
from polytask.data.splits._drawn_split import check_training_rows, drawn_validation
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter
from polytask.exceptions import DataError

__all__ = ["FixedSplit"]


@dataclass(frozen=True)
class FixedSplit(Splitter):
    """Given splits, such as those published with a data set.

    Parameters
    ----------
    given : tuple of Split
        One or several.
    validation : float, default 0.2
        Stratified share of the training rows that is drawn by seed if a split has no validation
        rows.

    Examples
    --------
    >>> import numpy as np
    >>> import polytask
    >>> from polytask.data import FixedSplit, Split
    >>> data = polytask.read({"age": range(10), "rich": [0, 1] * 5}, ["rich"])
    >>> published = Split({"table": np.arange(8)}, {}, {"table": np.arange(8, 10)})
    >>> (split,) = FixedSplit((published,), validation=0.25).splits(data, seed=0)
    >>> len(split.train["table"]), len(split.validation["table"]), split.test["table"]
    (6, 2, array([8, 9]))
    """

    given: tuple[Split, ...]
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "given": Each(InstanceOf((Split,)), minimum=1),
        "validation": SHARE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "given", tuple(self.given))

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """The given splits; only validation rows depend on the seed, if a split has none."""
        return [
            self._completed(split, fold, dataset, seed) for fold, split in enumerate(self.given)
        ]

    def _completed(self, split: Split, fold: int, dataset: MultiTaskDataset, seed: int) -> Split:
        _check_rows(split, dataset)
        if not any(len(rows) for rows in split.validation.values()) and self.validation:
            generator = np.random.default_rng([seed, fold])
            train, drawn = drawn_validation(dataset, split.train, self.validation, generator)
            split = replace(split, train=train, validation=drawn)
        check_training_rows(dataset, split.train)
        return replace(split, fold=fold)


def _check_rows(split: Split, dataset: MultiTaskDataset) -> None:
    """Raise unless the three parts are disjoint rows of the data set."""
    for source in dataset.sources:
        parts = (split.train, split.validation, split.test)
        rows = np.concatenate(
            [np.asarray(part.get(source.name, []), dtype=np.int64) for part in parts]
        )
        outside = rows[(rows < 0) | (rows >= source.n_rows)]
        if outside.size:
            sentence = (
                f"Split {split.name!r} names row {outside[0]} of source {source.name!r}, "
                f"which has {count(source.n_rows, 'row')}."
            )
            raise DataError(sentence)
        unique, counts = np.unique(rows, return_counts=True)
        if (counts > 1).any():
            sentence = (
                f"Split {split.name!r} names row {unique[counts.argmax()]} of source "
                f"{source.name!r} more than once. Its parts must not overlap."
            )
            raise DataError(sentence)
