"""Tables of tasks × learners, limited to what a page can hold."""

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
    """A task, its metric and the direction in which it is better."""

    name: str
    metric: str = ""
    higher: bool = True
    auxiliary: bool = False


@dataclass(frozen=True)
class TaskRow:
    """One task and metric, with a cell per learner."""

    head: Head
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Matrix:
    """Columns of learners, rows, and a note on what is left out."""

    learners: Sequence[str]
    rows: Sequence[TaskRow]
    left_out: str


def headline_metrics(study: Study) -> Matrix:
    """Build one row per task, with its headline metric."""
    return _limited(study, task_rows(study))


def all_metrics(study: Study) -> Matrix:
    """Build one row per task and metric."""
    rows = [_row(study, task, metric) for task in study.tasks for metric in _metrics(task)]
    return _limited(study, rows)


def task_rows(study: Study) -> list[TaskRow]:
    """Rows of the tasks' headline metrics, with a cell per learner."""
    return [_row(study, task, task["metric"]) for task in study.tasks]


def _metrics(task: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys([task["metric"], *task["metrics"]])


def _row(study: Study, task: Mapping[str, Any], metric: str) -> TaskRow:
    name = task["name"]
    higher = study.higher(name, metric)
    measures = [study.measure(learner, name, metric) for learner in study.by_learner]
    head = Head(name, study.label(name, metric), higher, task["role"] == "auxiliary")
    return TaskRow(head, column(measures, higher=higher))


def _limited(study: Study, rows: Sequence[TaskRow]) -> Matrix:
    """The first rows, and the learners that the verdict mentions first."""
    names = list(study.by_learner)
    kept = set(study.by_weight[: max(3, CELLS // max(len(rows), 1))])
    positions = [position for position, name in enumerate(names) if name in kept]
    shown = [
        TaskRow(row.head, [row.cells[position] for position in positions]) for row in rows[:ROWS]
    ]
    missing = {"learner": len(names) - len(positions), "row": len(rows) - len(shown)}
    missing_texts = [
        plural(number, f"further {thing}") for thing, number in missing.items() if number
    ]
    return Matrix(
        [names[position] for position in positions],
        shown,
        f"{' and '.join(missing_texts)} are" if missing_texts else "",
    )
