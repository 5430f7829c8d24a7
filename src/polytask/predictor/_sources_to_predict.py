"""Conversion of a user's tables to the sources that a model knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from polytask.data import MultiTaskDataset, Schema, Source, about_source, as_source
from polytask.exceptions import DataError
from polytask.predictor._named_tasks import named_tasks, sources_of_tasks
from polytask.tasks import FittedTarget, Kind, TaskSet

__all__ = [
    "check_numbers_of_pixels",
    "check_sources",
    "chunks",
    "only_source",
    "sources_to_predict",
]

_MOST_ROWS = 16384
_MOST_VALUES = 1 << 26
_MOST_NUMBERS = 1 << 30
"""Of the pixels of all rows together; in double precision they take 8 GiB."""
_USUAL_WIDTH = 256
"""Assumed width of hidden layers, which each task may have for itself."""


def sources_to_predict(
    data: Any,
    schemas: Mapping[str, Schema],
    tasks: TaskSet,
    named: Iterable[str] | str | None = None,
    routed: Collection[str] = (),
) -> list[Source]:
    """Return sources in the order of the schemas, without labels, tasks in the order of fitting.

    Parameters
    ----------
    data : table, MultiTaskDataset, or mapping of source name to table
    schemas : mapping of source name to Schema
    tasks : TaskSet
        Of the model.
    named : iterable of str, optional
        The only tasks to predict. The sources carry these alone, without the rows of others.
    routed : collection of str
        Sources for which the model has a router. There, and where tasks are named, rows may name
        no task: their position in the tasks is then −1.
    """
    predicted = named_tasks(named, tasks)
    tables = _by_source(data, schemas)
    sources = []
    for name, schema in schemas.items():
        if name in tables:
            unnamed = named is not None or name in routed
            with about_source(name, alone=len(schemas) == 1):
                sources.append(_own_source(tables[name], schema, tasks, unnamed=unnamed))
    if not any(source.n_rows for source in sources):
        raise DataError("The table has no rows to predict.")
    return sources if named is None else sources_of_tasks(sources, predicted)


def _by_source(data: Any, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    if isinstance(data, MultiTaskDataset):
        data = {source.name: source for source in data.sources}
        if len(data) == len(schemas) == 1:
            return dict(zip(schemas, data.values(), strict=True))
    elif not _names_sources(data, schemas):
        data = {only_source(schemas): data}
    check_sources(data, schemas)
    return dict(data)


def check_sources(names: Iterable[str], schemas: Mapping[str, Schema]) -> None:
    """Raise if a name is none of the sources that a model learned from."""
    for name in names:
        if name not in schemas:
            sentence = (
                f"The model has no source named {name!r}. It learned from {_listed(schemas)}; "
                "give each table under the name of its source."
            )
            raise DataError(sentence)


def _names_sources(data: Any, schemas: Mapping[str, Schema]) -> bool:
    """Whether a mapping holds tables by source rather than columns."""
    if not isinstance(data, Mapping) or not data:
        return False
    columns = {column.name for schema in schemas.values() for column in schema.columns}
    if len(schemas) > 1:
        return bool(set(data) & set(schemas)) or not set(data) & columns
    return set(data) == set(schemas) and not set(data) & columns


def only_source(schemas: Mapping[str, Schema]) -> str:
    """Return the name of a model's only source; raise if there are several."""
    if len(schemas) > 1:
        sentence = (
            f"The model learned from several sources, {_listed(schemas)}, with columns of their "
            "own. Name the source of each table: a mapping of source to table, or --source "
            f"{next(iter(schemas))}=FILE on the command line."
        )
        raise DataError(sentence)
    return next(iter(schemas))


def _listed(schemas: Mapping[str, Schema]) -> str:
    return ", ".join(map(repr, schemas))


def _own_source(table: Any, schema: Schema, tasks: TaskSet, *, unnamed: bool) -> Source:
    if not isinstance(table, Source):
        return as_source(table, schema, tasks, unnamed=unnamed)
    if schema.own_rows and table.task_index is None:
        source = as_source(table.inputs, schema, tasks, unnamed=unnamed)
        return replace(source, row_ids=table.row_ids)
    carried = tasks.subset(schema.targets)
    return replace(
        table,
        name=schema.source,
        tasks=carried,
        labels=None,
        task_index=_renumbered(table, carried, unnamed=unnamed) if schema.own_rows else None,
    )


def _renumbered(source: Source, tasks: TaskSet, *, unnamed: bool) -> np.ndarray:
    """The task of each row, as a position in `tasks`; −1 where it names none, if it may."""
    index = np.asarray(source.task_index)
    known = {name: position for position, name in enumerate(tasks.names)}
    positions = [int(position) for position in np.unique(index) if position >= 0 or not unnamed]
    strange = [
        source.tasks[p].name if p >= 0 else "?"
        for p in positions
        if p < 0 or source.tasks[p].name not in known
    ]
    if strange:
        sentence = (
            "There are rows of tasks that the model was not fitted on: "
            f"{', '.join(map(repr, strange[:5]))}. Leave these rows out, or fit with them."
        )
        raise DataError(sentence)
    table = np.array([known.get(name, -1) for name in source.tasks.names], dtype=np.int32)
    return np.where(index < 0, np.int32(-1), table[index])


def check_numbers_of_pixels(
    sources: Iterable[Source], tasks: TaskSet, targets: Mapping[str, FittedTarget]
) -> None:
    """Raise if answers for the pixels of all rows are too many to be held in memory.

    Raises
    ------
    DataError
    """
    of_rows = [
        (len(source.rows_of(name)), prod(kind.score_shape(targets[name])))
        for source in sources
        for name in source.tasks.names
        if (kind := tasks[name].known_kind).form == "map"
    ]
    numbers = sum(n_rows * size for n_rows, size in of_rows)
    if numbers > _MOST_NUMBERS:
        n_rows = max(n_rows for n_rows, _ in of_rows)
        at_once = max(1, int(n_rows * _MOST_NUMBERS / numbers))
        sentence = (
            f"The answers for the pixels of {n_rows:,} rows would be {numbers:,} numbers; at most "
            f"{_MOST_NUMBERS:,} are held at once. Take about {at_once:,} rows at a time, or name some of "
            "the tasks."
        )
        raise DataError(sentence)


def chunks(source: Source, schema: Schema) -> Iterator[Source]:
    """The rows in chunks of bounded memory, whose size depends only on the schema."""
    inputs = sum(schema.cardinalities)
    inputs += sum(prod(part.shape) for part in schema.parts if part.role != "categorical")
    outputs = sum(
        prod(task.kind.score_shape(schema.targets[task.name]))
        for task in source.tasks
        if isinstance(task.kind, Kind) and task.name in schema.targets
    )
    values = max(max(inputs, _USUAL_WIDTH) * len(schema.targets), outputs)
    size = int(np.clip(_MOST_VALUES // values, 1, _MOST_ROWS))
    for first in range(0, source.n_rows, size):
        yield source.take(np.arange(first, min(first + size, source.n_rows)))
