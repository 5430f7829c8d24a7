"""Summaries of a data set as plain values for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from polytask.data.cells import family
from polytask.data.sources._fit_targets import fit_targets, labels_by_task
from polytask.data.sources._source import Source
from polytask.tasks import Task

__all__ = ["source_summary", "task_summaries"]


def source_summary(source: Source) -> dict[str, Any]:
    """Rows, columns by type, and tasks with their labelled rows, of one source."""
    labels = source.labelled()
    named = {"text": "free text", "characters": "free text", "image": "images"}
    held = Counter(
        named.get(source.reading.roles.get(series.name, ""), str(family(series)))
        for series in source.inputs.iter_columns()
    )
    return {
        "name": source.name,
        "rows": source.n_rows,
        "columns": dict(held),
        "tasks": list(source.tasks.names),
        "labelled": {name: len(labels.rows(name)) for name in source.tasks.names},
        "own_rows": source.own_rows,
        "weighted": source.weights is not None,
        "groups": None if source.groups is None else len(np.unique(source.groups)),
    }


def task_summaries(sources: Sequence[Source]) -> dict[str, dict[str, Any]]:
    """Per task: kind, labelled rows, and classes with counts or mean and deviation."""
    fitted, labelled = fit_targets(sources), labels_by_task(sources)
    rows = Counter[str]()
    for source in sources:
        rows.update({name: len(source.rows_of(name)) for name in source.tasks.names})
    tasks = {task.name: task for source in sources for task in source.tasks}
    return {
        name: {
            **_rows(task, rows[name], len(next(iter(labelled[name].values())))),
            **task.known_kind.summary(list(labelled[name].values()), fitted[name]),
        }
        for name, task in tasks.items()
    }


def _rows(task: Task, rows: int, labelled: int) -> dict[str, Any]:
    return {
        "name": task.name,
        "kind": task.known_kind.name,
        "role": task.role,
        "columns": list(task.columns),
        "rows": rows,
        "labelled": labelled,
        "missing": 1.0 - labelled / rows if rows else 0.0,
    }
