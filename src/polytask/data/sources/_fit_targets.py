"""Fitting of targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polytask._listing import first_and_more, first_names
from polytask.data.sources._one_class import one_class_error
from polytask.data.sources._source import Source
from polytask.exceptions import DataError, OneClassError
from polytask.tasks import FittedTarget, Kind, Task

__all__ = ["fit_targets", "labels_by_task"]

Labelled = Mapping[str, np.ndarray]
"""A task's target columns over the labelled rows of all sources."""


def fit_targets(sources: Sequence[Source]) -> dict[str, FittedTarget]:
    """Fit each task's target once, on its labels in all sources.

    Tasks of one kind with rows of their own share what is learned, each with its own class counts.

    Raises
    ------
    DataError
        If a task has no observed label, or kind and column disagree.
    OneClassError
        Naming all tasks that lack a second class.
    """
    tasks = {task.name: task for source in sources for task in source.tasks}
    labelled = labels_by_task(sources)
    _check_labelled(labelled)
    fitted: dict[str, FittedTarget] = {}
    errors: dict[str, OneClassError] = {}
    for names in _sharing(sources):
        try:
            fitted |= _fit_together([tasks[name] for name in names], labelled)
        except OneClassError as error:
            errors |= dict.fromkeys(names, error)
    if errors:
        raise one_class_error(errors)
    for name, target in fitted.items():
        _check_kept(tasks[name], target)
    return {name: fitted[name] for name in tasks}


def _check_kept(task: Task, target: FittedTarget) -> None:
    """Raise before training if a saved model with this target would be refused."""
    kind = task.known_kind
    if not kind.accepts(target):
        sentence = (
            f"Task {task.name!r}: what the kind {kind.name} learned of {first_names(target.columns)} could not be "
            "loaded from a saved model. Check the column for values without measure; of a kind of "
            "your own, `accepts` must hold what its `fit` gives."
        )
        raise DataError(sentence)


def _check_labelled(labelled: Mapping[str, Labelled]) -> None:
    """Raise if several tasks have no label, naming all; kinds refuse a single one."""
    empty = [name for name, columns in labelled.items() if not any(map(len, columns.values()))]
    if len(empty) > 1:
        sentence = (
            f"{len(empty)} tasks have no observed label to learn from: "
            f"{first_and_more(map(repr, empty))}. Check the split or drop these tasks."
        )
        raise DataError(sentence)


def labels_by_task(sources: Sequence[Source]) -> dict[str, Labelled]:
    """Each task's labels, concatenated over sources."""
    parts: dict[str, list[Labelled]] = {}
    for source in sources:
        labels = source.labelled()
        for name in source.tasks.names:
            parts.setdefault(name, []).append(labels.columns(name))
    return {
        name: {column: np.concatenate([part[column] for part in pieces]) for column in pieces[0]}
        for name, pieces in parts.items()
    }


def _sharing(sources: Sequence[Source]) -> list[list[str]]:
    """Groups of tasks whose targets are fitted together."""
    group = {name: [name] for source in sources for name in source.tasks.names}
    for source in sources:
        if source.own_rows:
            alike: dict[Kind, list[str]] = {}
            for task in source.tasks:
                alike.setdefault(task.known_kind, []).append(task.name)
            for names in alike.values():
                joined = list(dict.fromkeys(other for name in names for other in group[name]))
                group.update(dict.fromkeys(joined, joined))
    return list({id(names): names for names in group.values()}.values())


def _fit_together(tasks: list[Task], labelled: Mapping[str, Labelled]) -> dict[str, FittedTarget]:
    first = tasks[0]
    if len(tasks) == 1:
        return {first.name: first.known_kind.fit(first.name, labelled[first.name])}
    for task in tasks:
        if not any(len(values) for values in labelled[task.name].values()):
            task.known_kind.fit(task.name, labelled[task.name])  # raises
    joined = {
        column: np.concatenate([labelled[task.name][column] for task in tasks])
        for column in labelled[first.name]
    }
    common = first.known_kind.fit(first.name, joined)
    return {
        task.name: task.known_kind.counted(list(labelled[task.name].values()), common)
        for task in tasks
    }
