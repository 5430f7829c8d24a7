"""Roles of the columns of several sources: features, weights and groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int64

from polytask._listing import first_and_more
from polytask._validation import message
from polytask.data.dataset._placed_tasks import PlacedTask
from polytask.data.names import SourceColumns, require_columns
from polytask.data.readers import Table
from polytask.data.sources import Source, common_group_codes
from polytask.exceptions import DataError, ParameterError

__all__ = ["OwnRoles", "SourceRoles"]


class OwnRoles(NamedTuple):
    """Roles of the columns of one source, by their own names.

    Attributes
    ----------
    features : list of str, optional
    drop : list of str
        Columns that are no inputs, including row weights of other tasks.
    weight : str or mapping of task name to str, optional
    group : str, optional
    """

    features: list[str] | None
    drop: list[str]
    weight: Any
    group: str | None


@dataclass(frozen=True)
class SourceRoles:
    """Roles of columns of several sources, named alone or as ``SOURCE/COLUMN``.

    Parameters
    ----------
    columns : SourceColumns
    features : sequence of str, optional
        Inputs; by default all columns without another role.
    drop : sequence of str
        Columns that are no inputs.
    weight : str, or mapping of task name to str, optional
        Columns of row weights.
    group : str, optional
        The column of groups.
    """

    columns: SourceColumns
    features: Sequence[str] | None = None
    drop: Sequence[str] = ()
    weight: Any = None
    group: str | None = None

    def __post_init__(self) -> None:
        given = self._given_weights.values()
        for parameter, names in {"weight": given, "group": [self.group]}.items():
            for name in names:
                if not isinstance(name, str | None):
                    expected = "a column's name, since each source has rows of its own"
                    raise ParameterError(message("the data set", parameter, expected, name))
        known = self.columns
        require_columns(known, self.drop, "The dropped column")
        require_columns(known, self.features or (), "The feature")
        require_columns(known, self.weights.values(), "The weight column")
        require_columns(known, [] if self.group is None else [self.group], "The group column")

    @property
    def _given_weights(self) -> Mapping[str | None, Any]:
        return self.weight if isinstance(self.weight, Mapping) else {None: self.weight}

    @cached_property
    def weights(self) -> dict[str | None, str]:
        """Columns of row weights by task; the key None is for all other tasks."""
        return {task: name for task, name in self._given_weights.items() if name is not None}

    def check_weights(self, placed: Iterable[PlacedTask]) -> None:
        """Refuse a task's weight column that lies in no source of the task."""
        for each in placed:
            column = self.weights.get(each.task.name)
            if column is None or self._sources(column) & set(each.sources):
                continue
            sentence = (
                f"The weight column {column!r} of task {each.task.name!r} is in no source of the "
                f"task, {first_and_more(list(each.sources))}. Name a column of its own rows."
            )
            raise DataError(sentence)

    def of(self, source: str, tasks: Collection[str]) -> OwnRoles:
        """The roles of one source's columns, by their own names."""
        features = None if self.features is None else self._own(source, self.features)
        if self.features is not None and not features:
            sentence = (
                "No input column is left: none of the features "
                f"{first_and_more(self.features)} is a column of it. "
                "Name one of its columns, or leave the source out."
            )
            raise DataError(sentence)
        weights = {
            task: column
            for task, name in self.weights.items()
            if task is None or task in tasks
            for column in self._own(source, [name])
        }
        alone = weights.get(None) if list(weights) == [None] else weights or None
        group = self._own(source, [] if self.group is None else [self.group])
        drop = self._own(source, [*self.drop, *self.weights.values()])
        return OwnRoles(features, drop, alone, group[0] if group else None)

    def _unweighted(self, sources: Iterable[Source]) -> Iterator[str]:
        """Notes on sources without a weight column for their tasks."""
        for task, name in self.weights.items():
            weighed = self._sources(name) | self._sources(self.weights.get(None))
            lacking = [
                source.name
                for source in sources
                if source.name not in weighed and task in {None, *source.tasks.names}
            ]
            if lacking and not self.columns.is_pick(name):
                of_task = "" if task is None else f" for {task}"
                names = first_and_more(lacking)
                yield f"{names}: no column {name!r}, so that every row weighs 1{of_task}"

    def _sources(self, name: str | None) -> set[str]:
        return set() if name is None else {source for source, _ in self.columns.resolve(name)}

    def _own(self, source: str, names: Iterable[str]) -> list[str]:
        """The columns of a source that are among the named ones, in that order."""
        meant = (pair for name in names for pair in self.columns.resolve(name))
        return list(dict.fromkeys(column for owner, column in meant if owner == source))

    def group_codes(self, tables: Mapping[str, Table]) -> dict[str, Int64[np.ndarray, " n"]]:
        """Codes of groups by source, the same for the same group in each."""
        columns = {}
        for source, opened in tables.items():
            for column in self._own(source, [self.group] if self.group else []):
                columns[source] = opened.frame[column]
        return common_group_codes(columns)

    def notes(self, placed: Iterable[PlacedTask], sources: Sequence[Source]) -> tuple[str, ...]:
        """Notes on sources without weights, and on inputs named like targets of other sources."""
        targets = {column: each.sources for each in placed for column in each.task.columns}
        alike = (
            f"{source.name}: input {name} is called like a target of "
            f"{first_and_more(targets[name])}; --drop {source.name}/{name} leaves it out"
            for source in sources
            for name in source.inputs.columns
            if name in targets
        )
        return (*self._unweighted(sources), *alike)
