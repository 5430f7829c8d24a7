"""Labels of a source, dense or of one task per row, behind one interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64, Shaped

from polytask.data.cells import tensor_cells

__all__ = [
    "Labels",
    "OwnRowLabels",
    "TableLabels",
    "beyond_floats",
    "column_values",
    "target_columns",
]


def column_values(series: pl.Series) -> Shaped[np.ndarray, " n *cells"]:
    """A column as float64 with NaN (numbers), or as objects with None (text, booleans).

    Whole numbers that a float would change are objects too. Tensors are arrays with further axes,
    in single precision where that holds their type.
    """
    if isinstance(series.dtype, pl.Array):
        return tensor_cells(series)
    if series.dtype.is_integer() and beyond_floats(series):
        return np.array(series.to_list(), dtype=object)
    if series.dtype.is_numeric() or series.dtype == pl.Null:
        return series.cast(pl.Float64).to_numpy()
    if series.dtype == pl.Boolean:
        return _looked_up(series.cast(pl.Int32), [False, True])
    text = series.cast(pl.String)
    categories = text.drop_nulls().unique().sort().to_list()
    return _looked_up(text.cast(pl.Enum(categories)).to_physical().cast(pl.Int32), categories)


def beyond_floats(series: pl.Series) -> bool:
    """Whether whole numbers are so large that a float may stand for several."""
    low, high = series.min(), series.max()
    return isinstance(low, int) and isinstance(high, int) and max(-low, high) > 2**53


def target_columns(labels: Labels | None) -> list[pl.Series]:
    """The target columns of a source as the user gave them; none if it has no labels."""
    if isinstance(labels, TableLabels | OwnRowLabels):
        return list(labels.frame.iter_columns())
    return []


def _looked_up(codes: pl.Series, values: Sequence[object]) -> np.ndarray:
    """`values` at `codes`, None where null; faster than a list of all cells."""
    return np.array([*values, None], dtype=object)[codes.fill_null(len(values)).to_numpy()]


class Labels(ABC):
    """The labels of a source's rows, as the user gave them."""

    @property
    @abstractmethod
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that may have labels."""

    @abstractmethod
    def rows(self, task: str) -> Int64[np.ndarray, " m"]:
        """Rows (ascending) where the task has a label: an observed cell, or all of them."""

    @abstractmethod
    def columns(self, task: str) -> Mapping[str, Shaped[np.ndarray, " m *cells"]]:
        """The task's target columns at `rows(task)`."""

    @abstractmethod
    def take(self, rows: Int64[np.ndarray, " k"]) -> Labels:
        """The labels of selected rows, in that order."""

    @abstractmethod
    def without(self, tasks: Collection[str]) -> Labels:
        """The labels of all other tasks, for the same rows."""

    @abstractmethod
    def hide(self, rows: Mapping[str, Int64[np.ndarray, " k"]]) -> Labels:
        """The same labels, with given rows of given tasks as missing."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of rows, labelled or not."""


@dataclass(frozen=True, eq=False)
class TableLabels(Labels):
    """Target columns of a table; a missing cell is null or NaN.

    Parameters
    ----------
    frame : polars.DataFrame of n rows
        The target columns.
    targets : mapping of task name to column names
    hidden : mapping of task name to array of shape (n,), bool
        Rows of some tasks that count as missing, whatever their columns hold.
    whole : set of str
        Tasks whose rows are labelled only if all their columns are observed (`Kind.whole_rows`).
    """

    frame: pl.DataFrame
    targets: Mapping[str, tuple[str, ...]]
    hidden: Mapping[str, np.ndarray] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that may have labels."""
        return tuple(self.targets)

    @property
    def n_rows(self) -> int:
        """Number of rows, labelled or not."""
        return self.frame.height

    def rows(self, task: str) -> Int64[np.ndarray, " m"]:
        """Rows where the task has an observed cell, or all of them if they are a whole."""
        columns = [self.frame[name] for name in self.targets[task]]
        observed = _labelled(columns, whole=task in self.whole)
        if task in self.hidden:
            observed &= ~self.hidden[task]
        return np.flatnonzero(observed)

    def columns(self, task: str) -> Mapping[str, Shaped[np.ndarray, " m *cells"]]:
        """The task's target columns at `rows(task)`."""
        rows = self.rows(task)
        return {name: column_values(self.frame[name])[rows] for name in self.targets[task]}

    def take(self, rows: Int64[np.ndarray, " k"]) -> TableLabels:
        """The labels of selected rows, in that order."""
        hidden = {task: mask[rows] for task, mask in self.hidden.items()}
        return replace(self, frame=self.frame[rows], hidden=hidden)

    def hide(self, rows: Mapping[str, Int64[np.ndarray, " k"]]) -> TableLabels:
        """The same labels, with given rows of given tasks as missing."""
        hidden = dict(self.hidden)
        for task, of_task in rows.items():
            hidden[task] = hidden.get(task, np.zeros(self.n_rows, dtype=bool)).copy()
            hidden[task][of_task] = True
        return replace(self, hidden=hidden)

    def without(self, tasks: Collection[str]) -> TableLabels:
        """The labels of all other tasks."""
        kept = {name: columns for name, columns in self.targets.items() if name not in tasks}
        used = dict.fromkeys(column for columns in kept.values() for column in columns)
        hidden = {task: mask for task, mask in self.hidden.items() if task in kept}
        return replace(self, frame=self.frame.select(list(used)), targets=kept, hidden=hidden)


@dataclass(frozen=True, eq=False)
class OwnRowLabels(Labels):
    """Target columns in which each row belongs to one task.

    Parameters
    ----------
    frame : polars.DataFrame of n rows
        The target columns, common to all tasks; null or NaN where missing.
    task : array of shape (n,), int32
        Position of each row's task in `names`; −1 for none.
    names : tuple of str
        The tasks.
    whole : bool
        Whether a row is labelled only if all columns are observed (`Kind.whole_rows`).
    """

    frame: pl.DataFrame
    task: np.ndarray
    names: tuple[str, ...]
    whole: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that may have labels."""
        return self.names

    @property
    def n_rows(self) -> int:
        """Number of rows, labelled or not."""
        return self.frame.height

    def rows(self, task: str) -> Int64[np.ndarray, " m"]:
        """Rows of the task where a cell is observed, or all of them if they are a whole."""
        return self._rows[self.names.index(task)]

    def columns(self, task: str) -> Mapping[str, Shaped[np.ndarray, " m *cells"]]:
        """The target columns at `rows(task)`."""
        rows = self.rows(task)
        return {name: values[rows] for name, values in self._values.items()}

    @cached_property
    def _rows(self) -> list[np.ndarray]:
        """Observed rows of every task, computed in one pass."""
        known = _labelled(self.frame.get_columns(), whole=self.whole)
        observed = np.flatnonzero(known & (self.task >= 0))
        task = self.task[observed]
        order = np.argsort(task, kind="stable")
        starts = np.searchsorted(task[order], np.arange(1, len(self.names)))
        return np.split(observed[order], starts)

    @cached_property
    def _values(self) -> dict[str, np.ndarray]:
        return {series.name: column_values(series) for series in self.frame.iter_columns()}

    def take(self, rows: Int64[np.ndarray, " k"]) -> OwnRowLabels:
        """The labels of selected rows, in that order."""
        return replace(self, frame=self.frame[rows], task=self.task[rows])

    def hide(self, rows: Mapping[str, Int64[np.ndarray, " k"]]) -> OwnRowLabels:
        """The same labels, with given rows of given tasks as missing."""
        kept = np.ones(self.n_rows, dtype=bool)
        kept[np.concatenate(list(rows.values()))] = False
        positions = pl.Series(np.where(kept, np.arange(self.n_rows), -1)).replace(-1, None)
        hidden = self.frame.select(pl.all().gather(positions))
        return replace(self, frame=hidden)

    def without(self, tasks: Collection[str]) -> OwnRowLabels:
        """The labels of all other tasks; rows of removed tasks have none."""
        kept = [index for index, name in enumerate(self.names) if name not in tasks]
        renumbered = np.full(len(self.names) + 1, -1, dtype=self.task.dtype)  # the last is for −1
        renumbered[kept] = np.arange(len(kept))
        names = tuple(self.names[index] for index in kept)
        return replace(self, task=renumbered[self.task], names=names)


def _labelled(columns: Sequence[pl.Series], *, whole: bool) -> np.ndarray:
    """Rows with an observed cell, or with all of them; only the second looks at empty columns."""
    together = np.all if whole else np.any
    labelled: np.ndarray = together([_observed(series) for series in columns], axis=0)
    return labelled


def _observed(series: pl.Series) -> Bool[np.ndarray, " n"]:
    if isinstance(series.dtype, pl.Array):
        cells = tensor_cells(series)
        return np.asarray(~np.isnan(cells).all(axis=tuple(range(1, cells.ndim))))
    observed = series.is_not_null()
    if series.dtype.is_float():
        observed &= series.is_not_nan().fill_null(value=False)
    return observed.to_numpy()
