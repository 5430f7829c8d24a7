"""Sources of several tables, from the arguments that a user gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polytask.data.dataset._chosen_tasks import chosen_tasks, one_target
from polytask.data.dataset._long_sources import long_sources
from polytask.data.dataset._source_roles import SourceRoles
from polytask.data.dataset._table_sources import MadeSources, table_sources
from polytask.data.names import SourceColumns, column_names
from polytask.data.readers import Table
from polytask.data.sources import named_by_source, weight_columns
from polytask.tasks import Task

__all__ = ["sources_of_tables"]


def sources_of_tables(
    tables: Mapping[str, Table],
    tasks: Iterable[Task | str] | Task | str,
    task_column: str | None,
    *,
    features: str | Iterable[str] | None,
    drop: str | Iterable[str],
    weight: Any,
    group: str | None,
) -> MadeSources:
    """Make a source of each table, with notes on reading, on patterns and on roles.

    Parameters
    ----------
    tables : mapping of source name to Table
    tasks, task_column, features, drop, weight, group
        As in `MultiTaskDataset.from_sources`.
    """
    names = SourceColumns({name: table.frame.columns for name, table in tables.items()})
    listed = None if features is None else column_names("features", features)
    roles = SourceRoles(names, listed, column_names("drop", drop), weight, group)
    matched: tuple[str, ...] = ()
    if task_column is None:
        others = (*weight_columns(weight), group)
        chosen, matched = chosen_tasks(tasks, names, features=features, drop=drop, others=others)
        made = table_sources(tables, chosen, roles)
    else:
        template = one_target(chosen_tasks(tasks, names)[0])
        made = long_sources(tables, template, task_column, roles)
    reading = named_by_source({name: table.notes for name, table in tables.items()})
    return made._replace(notes=(*reading, *matched, *made.notes))
