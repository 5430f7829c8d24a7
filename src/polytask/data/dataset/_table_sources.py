"""Sources of several tables in which tasks share the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from polytask._listing import first_and_more
from polytask.data.dataset._from_table import (
    settled_tasks,
    source_of,
    target_table,
    weighing_cells,
)
from polytask.data.dataset._input_columns import choose_inputs
from polytask.data.dataset._joined_targets import declared_in, joined_targets
from polytask.data.dataset._placed_tasks import check_used, placed_tasks
from polytask.data.dataset._source_roles import OwnRoles, SourceRoles
from polytask.data.names import about_source
from polytask.data.readers import Table
from polytask.data.sources import (
    Source,
    Weights,
    check_weighed,
    row_weights,
    unlabelled,
    weight_columns,
)
from polytask.tasks import Task, TaskSet

__all__ = ["MadeSources", "table_sources"]


class MadeSources(NamedTuple):
    """Sources of a data set, before tasks that cannot be learned are removed.

    Attributes
    ----------
    sources : list of Source
    reasons : mapping of task name to str
        Reason for the kind of each task.
    tasks : TaskSet
        All tasks in order, of any kinds, with the tasks of other sources that feed them.
    written : mapping of task name to str
        How the user names each task's (first) column, where that is not by its own name alone.
    notes : tuple of str
    """

    sources: list[Source]
    reasons: Mapping[str, str]
    tasks: TaskSet
    written: Mapping[str, str]
    notes: tuple[str, ...]


class _Part(NamedTuple):
    """A source whose tasks have no kinds yet."""

    opened: Table
    tasks: TaskSet
    group: str | None
    inputs: pl.DataFrame
    targets: pl.DataFrame
    weights: Weights | None
    cells: Mapping[str, list[pl.Series]]

    def among(self, tasks: Sequence[str]) -> _Part:
        """The same source with some of its tasks."""
        kept = self.tasks.subset(tasks)
        positions = [self.tasks.index(name) for name in kept.names]
        weights = self.weights
        if weights is not None and weights.ndim == 2:
            weights = weights[:, positions]
        return self._replace(tasks=kept, targets=self.targets.select(kept.columns), weights=weights)


def table_sources(tables: Mapping[str, Table], tasks: TaskSet, roles: SourceRoles) -> MadeSources:
    """Make a source of each table, in which tasks share the rows.

    Parameters
    ----------
    tables : mapping of source name to Table
    tasks : TaskSet
        Their columns are names alone or ``SOURCE/COLUMN``.
    roles : SourceRoles
    """
    check_weighed(roles.weights, tasks.names)
    placed = placed_tasks(tasks, roles.columns)
    own_names = TaskSet(each.task for each in placed)
    check_used(placed, roles.columns)
    roles.check_weights(placed)
    parts = {}
    for name, opened in tables.items():
        own = own_names.subset([each.task.name for each in placed if name in each.sources])
        with about_source(name):
            parts[name] = _part(opened, own, roles.of(name, own.names), tasks)
    parts, unlabelled_notes = _labelled(parts)
    cells = {each.task.name: _joined(each.task, parts) for each in placed}
    roles_of_targets = declared_in(part.opened for part in parts.values())
    written = {task.name: task.columns[0] for task in tasks}
    settled, reasons = settled_tasks(cells, own_names, roles_of_targets, written)
    groups = roles.group_codes({name: part.opened for name, part in parts.items()})
    sources = [
        source_of(
            name,
            part.opened,
            part.inputs,
            settled.subset(part.tasks.names),
            part.targets,
            part.weights,
            groups.get(name),
            part.group,
        )
        for name, part in parts.items()
    ]
    notes = (*unlabelled_notes, *roles.notes(placed, sources))
    return MadeSources(sources, reasons, tasks, written, notes)


def _part(opened: Table, own: TaskSet, roles: OwnRoles, every: TaskSet) -> _Part:
    """Read one table with its own tasks, out of all tasks."""
    table = opened.frame
    targets = target_table(opened, own)
    weights = row_weights(table, roles.weight, own.names)
    taken = {*own.columns, *weight_columns(roles.weight), *_several_columns(every)}
    taken |= {roles.group} if roles.group else set()
    inputs = choose_inputs(table, roles.features, opened.dropped(roles.drop), taken)
    return _Part(
        opened, own, roles.group, inputs, targets, weights, weighing_cells(targets, own, weights)
    )


def _several_columns(tasks: TaskSet) -> set[str]:
    """Columns of tasks with several columns, which are no inputs even if some are absent."""
    return {name for task in tasks if len(task.columns) > 1 for name in task.columns}


def _labelled(parts: Mapping[str, _Part]) -> tuple[dict[str, _Part], list[str]]:
    """Remove tasks that have labels only in other sources; also return notes on them."""
    empty = {name: set(unlabelled(part.cells)) for name, part in parts.items()}
    labelled = {
        task for name, part in parts.items() for task in part.tasks.names if task not in empty[name]
    }
    kept, notes = {}, []
    for name, part in parts.items():
        lost = [task for task in part.tasks.names if task in empty[name] & labelled]
        left = [task for task in part.tasks.names if task not in lost]
        if lost:
            end = "" if left else ", nor of another task, so that the source is left out"
            notes.append(f"{name}: no label of {first_and_more(lost)}{end}")
        if left:
            kept[name] = part.among(left) if lost else part
    return kept, notes


def _joined(task: Task, parts: Mapping[str, _Part]) -> list[pl.Series]:
    """A task's target columns, joined over all sources."""
    carrying = {
        n: part.cells[task.name] for n, part in parts.items() if task.name in part.tasks.names
    }
    return [
        joined_targets(task.name, {name: cells[index] for name, cells in carrying.items()})
        for index in range(len(task.columns))
    ]
