from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._naming import suggestion
from polytask._validation import Constraint, InstanceOf, check_parameters
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import Source, for_each_source
from polytask.data.splits._check_shares import SHARE
from polytask.data.splits._drawn_split import check_training_rows, drawn_validation
from polytask.data.splits._in_every_source import check_in_every_source
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter
from polytask.exceptions import DataError

__all__ = ["ColumnSplit", "find_split_column", "own_split", "own_split_note"]

_PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class ColumnSplit(Splitter):
    """Split into the parts that a column of the table names.

    Its values are ``train``, ``validation`` (or ``val``, ``valid``, ``dev``) and ``test``, in any
    case.

    Parameters
    ----------
    column : str
        The column, which is then no input.
    validation : float, default 0.2
        Share of the training rows that is drawn by seed if the column names no validation rows.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import ColumnSplit
    >>> table = {"x": range(6), "y": [0, 1] * 3, "part": ["train"] * 4 + ["test"] * 2}
    >>> (split,) = ColumnSplit("part", validation=0.5).splits(polytask.read(table, ["y"]), seed=0)
    >>> len(split.train["table"]), split.test["table"]
    (2, array([4, 5]))
    """

    column: str
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "column": InstanceOf((str,)),
        "validation": SHARE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """One split; only validation rows depend on the seed, if the column names none."""
        check_in_every_source(dataset.sources, self.column, "split")
        named = for_each_source(dataset.sources, self._parts)
        train, validation, test = (_rows(named, part) for part in ("train", "validation", "test"))
        if _empty(train):
            raise DataError(f"No row of the split column {self.column!r} says 'train'.")
        if _empty(validation) and self.validation:
            generator = np.random.default_rng(seed)
            train, validation = drawn_validation(dataset, train, self.validation, generator)
        check_training_rows(dataset, train)
        return [Split(train, validation, test, "column")]

    def _parts(self, source: Source) -> np.ndarray:
        if self.column not in source.inputs.columns:
            sentence = (
                f"The split column {self.column!r} is not an input column. "
                f"{suggestion(self.column, source.inputs.columns)}"
            )
            raise DataError(sentence)
        series = source.inputs[self.column].cast(pl.String)
        parts = {
            value: _PARTS.get(str(value).strip().casefold())
            for value in series.unique(maintain_order=True)
        }
        unknown = [value for value, part in parts.items() if part is None]
        if unknown:
            row = series.to_list().index(unknown[0])
            sentence = (
                f"The split column {self.column!r} must say train, validation or test in every "
                f"row. Got {series[row]!r} in row {row}."
            )
            raise DataError(sentence)
        return np.array([parts[value] for value in series.to_list()])


def _rows(named: Mapping[str, np.ndarray], part: str) -> Mapping[str, np.ndarray]:
    return {source: np.flatnonzero(parts == part) for source, parts in named.items()}


def _empty(rows: Mapping[str, np.ndarray]) -> bool:
    return not any(len(positions) for positions in rows.values())


def find_split_column(table: pl.DataFrame) -> str | None:
    """Find the only text column whose values all name parts, among them train and test.

    Parameters
    ----------
    table : polars.DataFrame

    Returns
    -------
    str or None
        None if there is no such column, or several.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data import find_split_column
    >>> find_split_column(pl.DataFrame({"x": [1, 2, 3], "part": ["train", "test", "train"]}))
    'part'
    """
    names = [name for name in table.columns if _names_parts(table[name])]
    return names[0] if len(names) == 1 else None


def _names_parts(column: pl.Series) -> bool:
    if column.dtype != pl.String:
        return False
    values = column.unique().to_list()
    parts = {None if value is None else _PARTS.get(value.strip().casefold()) for value in values}
    return None not in parts and {"train", "test"} <= parts


def own_split(dataset: MultiTaskDataset) -> ColumnSplit | None:
    """The split that an input column of every source names, or None.

    Parameters
    ----------
    dataset : MultiTaskDataset

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import own_split
    >>> table = {"x": [1, 2, 3], "y": [0, 1, 1], "part": ["train", "test", "train"]}
    >>> own_split(polytask.read(table, "y"))
    ColumnSplit(column='part', validation=0.2)
    """
    columns = {find_split_column(source.inputs) for source in dataset.sources}
    named = columns.pop()
    return None if named is None or columns else ColumnSplit(named)


def own_split_note(column: str) -> str:
    """Note on the split that a column names."""
    return (
        f"using the table's own column {column!r} for train and test rows "
        "(--split random:0.2 for another split)"
    )
