"""Sources of several tables in which each row belongs to one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from polytask.data.dataset._from_long import long_source, task_names
from polytask.data.dataset._joined_targets import declared_in, joined_targets
from polytask.data.dataset._placed_tasks import check_used, placed_tasks
from polytask.data.dataset._source_roles import SourceRoles
from polytask.data.dataset._table_sources import MadeSources
from polytask.data.names import about_source, require_columns
from polytask.data.readers import Table
from polytask.data.sources import OwnRowLabels, Source, check_weighed, settled_kind, weighing
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["long_sources"]


def long_sources(
    tables: Mapping[str, Table], template: Task, task_column: str, roles: SourceRoles
) -> MadeSources:
    """Make a source of each table, in which a column names the task of each row.

    A task that several sources name is one task.

    Parameters
    ----------
    tables : mapping of source name to Table
    template : Task
        The task that all tasks equal except for their names.
    task_column : str
        A column of every table.
    roles : SourceRoles
    """
    placed = placed_tasks(TaskSet([template]), roles.columns)
    check_used(placed, roles.columns)
    names = {}
    for name, opened in tables.items():
        with about_source(name):
            require_columns(opened.frame.columns, [task_column], "The task column")
            names[name] = task_names(opened.frame[task_column])
    all_tasks = list(dict.fromkeys(task for own in names.values() for task in own))
    check_weighed(roles.weights, all_tasks)
    sources = []
    for name, opened in tables.items():
        with about_source(name):
            own = roles.of(name, names[name])
            source, _ = long_source(opened, placed[0].task, task_column, name=name, **own._asdict())
            sources.append(source)
    groups = roles.group_codes(tables)
    kind, reason = _own_rows_kind(placed[0].task, tables, sources)
    sources = [
        replace(
            source,
            tasks=TaskSet(task.with_kind(kind) for task in source.tasks),
            groups=groups.get(source.name),
        )
        for source in sources
    ]
    notes = roles.notes(placed, sources)
    written = dict.fromkeys(all_tasks, template.columns[0])
    reasons = dict.fromkeys(all_tasks, reason)
    return MadeSources(sources, reasons, TaskSet(all_tasks), written, notes)


def _own_rows_kind(
    template: Task, tables: Mapping[str, Table], sources: Sequence[Source]
) -> tuple[Kind, str]:
    """The common kind of the tasks, from the labels of all sources."""
    columns = [
        joined_targets(
            template.name,
            {
                source.name: weighing(source.labels.frame[column], source.weights)
                for source in sources
                if isinstance(source.labels, OwnRowLabels)
            },
        )
        for column in template.columns
    ]
    return settled_kind(template, columns, declared_in(tables.values()))
