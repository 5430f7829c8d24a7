"""Tasks × learners, as much of it as a page can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._format import plural
from polytask.report._study import ROWS, Study
from polytask.report._table_cells import Cell, column

__all__ = ["Head", "Matrix", "TaskRow", "all_metrics", "headline_metrics", "task_rows"]

CELLS = 6500


@dataclass(frozen=True)
class Head:
    """A task, its metric and which way is better."""

    name: str
    metric: str = ""
    higher: bool = True
    auxiliary: bool = False


@dataclass(frozen=True)
class TaskRow:
    """One task and metric: a cell for each learner."""

    head: Head
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Matrix:
    """Learners that have a column, rows, and what did not fit."""

    learners: Sequence[str]
    rows: Sequence[TaskRow]
    left_out: str


def headline_metrics(study: Study) -> Matrix:
    """One row per task, with its headline metric."""
    return _fitting(study, task_rows(study))


def all_metrics(study: Study) -> Matrix:
    """One row per task and metric."""
    rows = [_row(study, task, metric) for task in study.tasks for metric in _metrics(task)]
    return _fitting(study, rows)


def task_rows(study: Study) -> list[TaskRow]:
    """One row per task, with its headline metric and a cell for each learner."""
    return [_row(study, task, task["metric"]) for task in study.tasks]


def _metrics(task: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys([task["metric"], *task["metrics"]])


def _row(study: Study, task: Mapping[str, Any], metric: str) -> TaskRow:
    name = task["name"]
    higher = study.higher(name, metric)
    measures = [study.measure(learner, name, metric) for learner in study.by_learner]
    head = Head(name, study.label(name, metric), higher, task["role"] == "auxiliary")
    return TaskRow(head, column(measures, higher=higher))


def _fitting(study: Study, rows: Sequence[TaskRow]) -> Matrix:
    """The first rows, and of the learners those that the verdict speaks about first."""
    names = list(study.by_learner)
    kept = set(study.by_weight[: max(3, CELLS // max(len(rows), 1))])
    places = [place for place, name in enumerate(names) if name in kept]
    shown = [TaskRow(row.head, [row.cells[place] for place in places]) for row in rows[:ROWS]]
    missing = {"learner": len(names) - len(places), "row": len(rows) - len(shown)}
    words = [plural(number, f"further {thing}") for thing, number in missing.items() if number]
    return Matrix(
        [names[place] for place in places], shown, f"{' and '.join(words)} are" if words else ""
    )
