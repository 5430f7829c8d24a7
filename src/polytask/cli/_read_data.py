"""Settings → data set and splitter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from polytask.cli._settings import DataSettings
from polytask.cli._task_options import row_weight, task_options
from polytask.cli._tasks import column_names
from polytask.cli._voice import Voice
from polytask.cli._without_input import without_input
from polytask.data import (
    ColumnSplit,
    GroupFoldSplit,
    GroupSplit,
    MultiTaskDataset,
    RandomSplit,
    Splitter,
    find_split_column,
    named_tasks,
    open_table,
    own_split_note,
    parse_split,
    read,
    weight_columns,
)
from polytask.exceptions import ParameterError
from polytask.tasks import Task

__all__ = ["read_data", "table_path"]

_MOST_COLUMNS = 12


def table_path(settings: DataSettings) -> Path:
    """The table; raises if none was named."""
    if settings.table is None:
        sentence = "Name the table to learn from, such as census.csv."
        raise ParameterError(sentence)
    return settings.table


def read_data(settings: DataSettings, voice: Voice) -> tuple[MultiTaskDataset, Splitter]:
    """Read the table as tasks and inputs, and say what was inferred."""
    path = table_path(settings)
    splitter = None if settings.split is None else parse_split(settings.split)
    table, declared = open_table(path, **settings.reading()).without_drops()
    columns = table.frame.columns
    tasks, matched = _tasks(settings, table.frame, splitter)
    if splitter is None:
        splitter = _own_split(table.frame, settings, tasks, voice)
    features, drop = (column_names(names, columns) for names in (settings.features, settings.drop))
    drop = list(dict.fromkeys([*drop, *declared]))
    splitter = without_input(splitter, features, drop)
    kept = list(splitter.columns)
    group = _group_column(splitter, settings)
    data = read(
        table,
        tasks,
        task_column=settings.task_column,
        features=list(dict.fromkeys([*features, *kept]))
        if features and group is None
        else features or None,
        drop=[name for name in drop if name not in kept],
        weight=row_weight(settings.weight, columns),
        group=group,
        **task_options(settings),
    )
    data = replace(data, notes=(*matched, *data.notes))
    _describe(path, data, splitter, voice)
    return data, splitter


def _own_split(
    table: pl.DataFrame, settings: DataSettings, tasks: Sequence[Task], voice: Voice
) -> Splitter:
    """The split that the table names, if it does; else a random one."""
    named = find_split_column(table)
    used = {settings.task_column, *column_names(settings.drop, table.columns)}
    used |= set(weight_columns(row_weight(settings.weight, table.columns)))
    used |= {column for task in tasks for column in task.columns}
    if named is None or named in used or settings.features:
        return RandomSplit()
    voice.note(own_split_note(named))
    return ColumnSplit(named)


def _group_column(splitter: Splitter, settings: DataSettings) -> str | None:
    """The column of groups, unless the tasks themselves are the groups."""
    if (
        not isinstance(splitter, GroupSplit | GroupFoldSplit)
        or splitter.column == settings.task_column
    ):
        return None
    return splitter.column


def _tasks(
    settings: DataSettings, table: pl.DataFrame, splitter: Splitter | None
) -> tuple[list[Task], tuple[str, ...]]:
    """Tasks, and notes on the columns that patterns stand for."""
    columns = table.columns
    if not settings.target:
        shown = ", ".join(columns[:_MOST_COLUMNS]) + ", …" * (len(columns) > _MOST_COLUMNS)
        sentence = (
            f"Name at least one target: --target NAME[:KIND]. {settings.table} has the columns "
            f"{shown}."
        )
        raise ParameterError(sentence)
    split = splitter.columns if splitter else (find_split_column(table),)
    reserved = {settings.task_column, *weight_columns(row_weight(settings.weight, columns)), *split}
    reserved |= {*column_names(settings.features, columns), *column_names(settings.drop, columns)}
    return named_tasks(settings.target, columns, auxiliary=settings.auxiliary, reserved=reserved)


def _describe(path: Path, data: MultiTaskDataset, splitter: Splitter, voice: Voice) -> None:
    data = splitter.prepared(data)
    inputs = [name for one in data.sources for name in one.inputs.columns]
    counts = (
        _count(data.n_rows, "row"),
        _count(len(inputs), "input"),
        _count(len(data.tasks), "task"),
    )
    voice.note(f"{path.name}: {', '.join(counts)}")
    more = len(inputs) - _MOST_COLUMNS
    further = f" … (+{more} more)" if more > 0 else ""
    voice.note(f"  inputs: {', '.join(inputs[:_MOST_COLUMNS])}{further}")
    for note in data.notes:
        voice.note(f"  {note}")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
