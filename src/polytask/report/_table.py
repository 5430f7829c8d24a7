"""The comparison table: learners × tasks, intervals, the best marked, costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._cells import Cell, column
from polytask.report._format import compact, duration, plural
from polytask.report._study import Study

__all__ = ["Head", "LearnerRow", "Table", "TaskRow", "learner_table", "metric_rows", "task_rows"]

WIDE = 5  # more tasks than this no longer stand side by side


@dataclass(frozen=True)
class Head:
    """Head of one column: a task, its metric and which way is better."""

    name: str
    metric: str = ""
    higher: bool = True
    auxiliary: bool = False


@dataclass(frozen=True)
class LearnerRow:
    """One learner: its cells and what it cost."""

    name: str
    color: str
    badges: Sequence[str]
    cells: Sequence[Cell]
    best_on: int
    seconds: str
    tuning: str
    parameters: str


@dataclass(frozen=True)
class Table:
    """The table with a row for each learner."""

    heads: Sequence[Head]
    rows: Sequence[LearnerRow]
    counts_best: bool
    notes: Sequence[str]


@dataclass(frozen=True)
class TaskRow:
    """One task and metric: a cell for each learner."""

    head: Head
    cells: Sequence[Cell]


def learner_table(study: Study) -> Table:
    """One row a learner; its tasks stand beside each other while they fit."""
    wide = len(study.tasks) > WIDE
    headline = task_rows(study)
    columns = [_gain_column(study), *([] if wide else [row.cells for row in headline])]
    heads = [Head("Δm", "%"), *([] if wide else [row.head for row in headline])]
    rows = [
        LearnerRow(
            name=learner["name"],
            color=study.styles[learner["name"]].color,
            badges=_badges(study, learner),
            cells=[cells[i] for cells in columns],
            best_on=sum(row.cells[i].best for row in headline),
            seconds=duration(learner["seconds"]),
            tuning=duration(learner["seconds_tuning"]),
            parameters=compact(learner["n_parameters"]) if learner["n_parameters"] else "–",
        )
        for i, learner in enumerate(study.learners)
    ]
    return Table(heads, rows, wide, _left_out(study))


def task_rows(study: Study) -> list[TaskRow]:
    """One row a task, with its headline metric."""
    return [_row(study, task, task["metric"]) for task in study.tasks]


def metric_rows(study: Study) -> list[TaskRow]:
    """One row a task and metric."""
    return [_row(study, task, metric) for task in study.tasks for metric in _metrics(task)]


def _metrics(task: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys([task["metric"], *task["metrics"]])


def _row(study: Study, task: Mapping[str, Any], metric: str) -> TaskRow:
    name = task["name"]
    higher = study.higher(name, metric)
    measures = [study.measure(learner, name, metric) for learner in study.by_learner]
    head = Head(name, study.label(name, metric), higher, task["role"] == "auxiliary")
    return TaskRow(head, column(measures, higher=higher))


def _gain_column(study: Study) -> list[Cell]:
    yardstick = {"value": 0.0, "interval": None, "note": "the yardstick"}
    undefined = {"value": None, "interval": None, "undefined": "no task is covered by both"}
    measures = [
        yardstick if name == study.record["baseline"] else learner["delta_m"] or undefined
        for name, learner in study.by_learner.items()
    ]
    return column([undefined | dict(m) for m in measures], higher=True, scale=100, signed=True)


def _badges(study: Study, learner: Mapping[str, Any]) -> list[str]:
    badges = ["joint" if learner["joint"] else "task by task"]
    if learner["name"] == study.record["recommended"]["learner"]:
        badges.insert(0, "recommended")
    return badges


def _left_out(study: Study) -> list[str]:
    """Say which tasks a learner's Δm leaves out, by reason."""
    notes: dict[str, list[str]] = {}
    for learner in study.learners:
        left_out = (learner["delta_m"] or {}).get("left_out") or {}
        for reason in dict.fromkeys(left_out.values()):
            tasks = [task for task, why in left_out.items() if why == reason]
            listed = ", ".join(tasks) if len(tasks) <= 5 else plural(len(tasks), "task")
            notes.setdefault(f"{listed} ({reason})", []).append(learner["name"])
    return [f"Δm of {', '.join(names)} leaves out {what}." for what, names in notes.items()]
