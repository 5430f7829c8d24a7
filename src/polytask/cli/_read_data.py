"""Data set and splitter from the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from polytask.cli._dependencies import with_dependencies
from polytask.cli._listed_names import listed_names
from polytask.cli._opened_data import OpenedData, open_data
from polytask.cli._settings import DataSettings
from polytask.cli._task_options import loss_of_all, row_weight, task_options
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
    own_split_note,
    parse_split,
    read,
    weight_columns,
    without_empty_matches,
)
from polytask.exceptions import ParameterError
from polytask.tasks import Task, TaskSet

__all__ = ["read_data"]

_MOST_COLUMNS = 12


def read_data(settings: DataSettings, voice: Voice) -> tuple[MultiTaskDataset, Splitter]:
    """Read the table or tables as tasks and inputs, and report what was inferred."""
    splitter = None if settings.split is None else parse_split(settings.split)
    opened = open_data(settings)
    columns = opened.columns
    own = {} if splitter else {n: find_split_column(t.frame) for n, t in opened.tables.items()}
    tasks, matched = _tasks(settings, opened, splitter.columns if splitter else own.values())
    if splitter is None:
        splitter = _own_split(own, opened, settings, tasks, voice)
    features, drop = (listed_names(names, columns) for names in (settings.features, settings.drop))
    drop = list(dict.fromkeys([*drop, *opened.declared]))
    splitter = without_input(splitter, opened.own_names(features), opened.own_names(drop))
    kept = list(splitter.columns)
    group = _group_column(splitter, settings)
    data = read(
        **opened.arguments(),
        tasks=tasks,
        task_column=settings.task_column,
        features=list(dict.fromkeys([*features, *kept]))
        if features and group is None
        else features or None,
        drop=[name for name in drop if not {name, *opened.own_names([name])} & set(kept)],
        weight=row_weight(settings.weight, columns),
        group=group,
        **task_options(settings),
    )
    if settings.after and settings.task_column is not None:  # whose tasks the rows name
        fed = with_dependencies(data.tasks, settings.after)
        data = data.with_tasks({task.name: task for task in fed})
    loss = loss_of_all(settings)
    if loss is not None:
        from polytask.cli._loss_of_all import with_loss  # which loads torch

        data = with_loss(data, loss)
    data = replace(data, notes=(*matched, *data.notes))
    _describe(opened, data, splitter, voice)
    return data, splitter


def _own_split(
    by_source: Mapping[str, str | None],
    opened: OpenedData,
    settings: DataSettings,
    tasks: Sequence[Task],
    voice: Voice,
) -> Splitter:
    """Return the split that a column of every table names, or a random split."""
    used = {settings.task_column, *listed_names(settings.drop, opened.columns)}
    used |= set(weight_columns(row_weight(settings.weight, opened.columns)))
    used |= {column for task in tasks for column in task.columns}
    free = {
        name: column
        for name, column in by_source.items()
        if column is not None and used.isdisjoint({column, f"{name}/{column}"})
    }
    if not free or settings.features:
        return RandomSplit()
    if len(free) == len(by_source) and len(set(free.values())) == 1:
        named = next(iter(free.values()))
        voice.warning(own_split_note(named))
        return ColumnSplit(named)
    for name, column in free.items():
        voice.warning(
            f"{name}: column {column!r} names train and test rows, but not every source has "
            "one of that name that does, so that it is an input and the split is random; "
            f"--drop {name}/{column} leaves it out"
        )
    return RandomSplit()


def _group_column(splitter: Splitter, settings: DataSettings) -> str | None:
    """Return the column of groups, unless the tasks themselves are the groups."""
    if (
        not isinstance(splitter, GroupSplit | GroupFoldSplit)
        or splitter.column == settings.task_column
    ):
        return None
    return splitter.column


def _tasks(
    settings: DataSettings, opened: OpenedData, split: Iterable[str | None]
) -> tuple[list[Task], tuple[str, ...]]:
    """Return the tasks, and notes on the columns that patterns match."""
    columns = opened.columns
    if not settings.target:
        sentence = f"Name at least one target: --target NAME[:KIND]. {opened.describe_columns()}."
        raise ParameterError(sentence)
    for text in (*settings.target, *settings.auxiliary):
        if text not in columns and not text.partition(":")[0].strip():
            sentence = f"A target must be written NAME[:KIND], such as income:binary. Got {text!r}."
            raise ParameterError(sentence)
    reserved = {settings.task_column, *weight_columns(row_weight(settings.weight, columns)), *split}
    reserved |= {*listed_names(settings.features, columns), *listed_names(settings.drop, columns)}
    tasks, notes = named_tasks(
        settings.target, columns, auxiliary=settings.auxiliary, reserved=reserved
    )
    if settings.task_column is None:
        frames = {name: table.frame for name, table in opened.tables.items()}
        given = [*settings.target, *settings.auxiliary]
        tasks, empty = without_empty_matches(tasks, given, frames, columns)
        notes = (*notes, *empty)
    if settings.after and settings.task_column is None:
        tasks = list(with_dependencies(TaskSet(tasks), settings.after))
    return tasks, notes


def _describe(opened: OpenedData, data: MultiTaskDataset, splitter: Splitter, voice: Voice) -> None:
    """Report rows, inputs and tasks per table, and the notes."""
    data = splitter.prepared(data)
    for source in data.sources:
        name = source.name if opened.several else ""
        file = opened.paths[name].name
        counts = (
            _count(source.n_rows, "row"),
            _count(source.inputs.width, "input"),
            _count(len(source.tasks), "task"),
        )
        voice.note(f"{f'{name} ({file})' if name else file}: {', '.join(counts)}")
        inputs = source.inputs.columns
        more = len(inputs) - _MOST_COLUMNS
        further = f" … (+{more} more)" if more > 0 else ""
        voice.note(f"  inputs: {', '.join(inputs[:_MOST_COLUMNS])}{further}")
        if opened.several:
            tasks = source.tasks.names
            more = len(tasks) - _MOST_COLUMNS
            further = f" … (+{more} more)" if more > 0 else ""
            voice.note(f"  tasks: {', '.join(tasks[:_MOST_COLUMNS])}{further}")
    for task in data.tasks:
        if task.after:
            voice.note(f"  {task.name}: after {', '.join(task.after)}")
    for note in data.notes:
        voice.warning(f"  {note}")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
