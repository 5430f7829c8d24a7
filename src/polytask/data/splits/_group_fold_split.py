from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, InstanceOf, Optional, check_parameters
from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._fold_split import FOLDS, FoldSplit, check_folds
from polytask.data.splits._group_split import GroupSplit
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter

__all__ = ["GroupFoldSplit"]


@dataclass(frozen=True)
class GroupFoldSplit(Splitter):
    """Cross-validation over whole groups: every group tests once per repetition.

    Parameters
    ----------
    column : str, optional
        The column that names each row's group, which then is no input; by default the groups
        that the data set was made with.
    folds : int, default 5
    repeats : int, default 1
        Number of repetitions with new folds.
    validation : float, default 0.2
        Share of all rows, in whole groups, drawn from those that are not test rows.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import GroupFoldSplit
    >>> table = {"age": range(10), "rich": [0, 1] * 5, "house": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]}
    >>> data = polytask.read(table, ["rich"])
    >>> splits = GroupFoldSplit("house", folds=5).splits(data, seed=0)
    >>> sorted(split.test["table"].tolist() for split in splits)
    [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    """

    column: str | None = None
    folds: int = 5
    repeats: int = 1
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "column": Optional(InstanceOf((str,))),
        **FOLDS,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        check_folds(type(self).__name__, self.folds, self.repeats, self.validation)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The column of groups."""
        return GroupSplit(self.column).excluded

    def prepared(self, dataset: MultiTaskDataset) -> MultiTaskDataset:
        """The data set with these groups, without their column among the inputs."""
        return GroupSplit(self.column).prepared(dataset)

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """Return `folds` splits per repetition."""
        folds = FoldSplit(self.folds, self.repeats, self.validation)
        return folds.splits(self.prepared(dataset), seed)
