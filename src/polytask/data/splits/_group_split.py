from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._naming import suggestion
from polytask._validation import Constraint, InstanceOf, Optional, check_parameters
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import Source, common_group_codes, for_each_source
from polytask.data.splits._check_shares import SHARE, check_shares
from polytask.data.splits._drawn_split import drawn_split
from polytask.data.splits._in_every_source import check_in_every_source
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter
from polytask.exceptions import DataError

__all__ = ["GroupSplit"]


@dataclass(frozen=True)
class GroupSplit(Splitter):
    """Random split of whole groups, so that no group is in two parts, also across sources.

    Parameters
    ----------
    column : str, optional
        The column that names each row's group, which then is no input; by default the groups
        that the data set was made with.
    test : float, default 0.2
        Share of all rows, as near as whole groups allow.
    validation : float, default 0.2
        Share of all rows, as near as whole groups allow.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import GroupSplit
    >>> table = {"age": range(10), "rich": [0, 1] * 5, "house": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]}
    >>> splitter = GroupSplit("house", test=0.2, validation=0.2)
    >>> data = polytask.read(table, ["rich"])
    >>> (split,) = splitter.splits(data, seed=0)
    >>> len(split.test["table"]), splitter.prepared(data).sources[0].inputs.columns
    (2, ['age'])
    """

    column: str | None = None
    test: float = 0.2
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "column": Optional(InstanceOf((str,))),
        "test": SHARE,
        "validation": SHARE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        check_shares(self.validation, self.test, type(self).__name__)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The column of groups."""
        return () if self.column is None else (self.column,)

    def prepared(self, dataset: MultiTaskDataset) -> MultiTaskDataset:
        """The data set with these groups, without their column among the inputs."""
        check_in_every_source(dataset.sources, self.column, "group")
        columns = for_each_source(dataset.sources, self._groups)
        groups = common_group_codes(columns, alone=len(columns) == 1)
        grouped = (
            replace(
                source, groups=groups[source.name], group_column=self.column or source.group_column
            )
            for source in dataset.sources
        )
        return super().prepared(replace(dataset, sources=tuple(grouped)))

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """One split."""
        prepared = self.prepared(dataset)
        return [drawn_split(prepared, self.validation, self.test, seed, "group")]

    def _groups(self, source: Source) -> pl.Series:
        if self.column is None or self.column == source.group_column:
            if source.groups is not None:
                return pl.Series(source.groups)
            raise DataError("The rows have no groups. Name their column, as in group:COLUMN.")
        if self.column == source.task_column and source.task_index is not None:
            return pl.Series(np.array(source.tasks.names)[source.task_index])
        if self.column not in source.inputs.columns:
            sentence = (
                f"The group column {self.column!r} is not an input column. "
                f"{suggestion(self.column, source.inputs.columns)}"
            )
            raise DataError(sentence)
        return source.inputs[self.column]
