"""Sections *Calibration* and *Classes*: whether statements come true, and how classes are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask._listing import first_and_more
from polytask.report._format import count, number, plural
from polytask.report._study import Study

__all__ = [
    "CHARTS",
    "CalibrationView",
    "ClassTable",
    "calibration_view",
    "checked_tasks",
    "class_tables",
    "shown_learners",
]

CHARTS = 8  # further tasks have no chart
TABLES = 12  # further tasks have no table of classes
CLASSES = 30  # rarer classes are only counted
_NAMED = 4  # further tasks with one way of making intervals are only counted


@dataclass(frozen=True)
class CalibrationView:
    """Content of the section on calibration."""

    learners: Sequence[str]
    shown: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[str]]]
    intervals: str
    several: bool
    drawn: str


@dataclass(frozen=True)
class ClassTable:
    """Classes of one task."""

    task: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    of_pixels: bool
    absent: str
    more: str


def shown_learners(study: Study) -> list[str]:
    """The yardstick, the joint learner, and in front of them the one that is recommended, if any."""
    record = study.record
    front = record["recommended"]["learner"]
    names = [record["baseline"], record["verdict"]["joint"], front]
    behind = [name for name in names if name != front]
    return [name for name in dict.fromkeys([*behind, front]) if name in study.by_learner]


def checked_tasks(study: Study) -> list[str]:
    """Tasks of which one of the learners that are shown has a check."""
    known = [study.by_learner[name].get("calibration", {}) for name in shown_learners(study)]
    return [task["name"] for task in study.tasks if any(task["name"] in checks for checks in known)]


def calibration_view(study: Study) -> CalibrationView | None:
    """Read the section; None if no task has a check."""
    tasks = checked_tasks(study)
    if not tasks:
        return None
    checks = {name: entry.get("calibration", {}) for name, entry in study.by_learner.items()}
    first = [next(own[task] for own in checks.values() if task in own) for task in tasks]
    rows = [
        (
            task,
            check["error_label"],
            [f"{own[task]['error']:.3g}" if task in own else "–" for own in checks.values()],
        )
        for task, check in zip(tasks, first, strict=True)
    ]
    intervals = _intervals(
        {task: check["intervals"] for task, check in zip(tasks, first, strict=True)}
    )
    several = any(check.get("unit") == "labels" for check in first)
    return CalibrationView(
        list(checks), shown_learners(study), rows, intervals, several, _drawn(study)
    )


def _intervals(made: Mapping[str, str]) -> str:
    """How intervals were made; of several ways, for which tasks."""
    ways = list(dict.fromkeys(made.values()))
    if len(ways) == 1:
        return ways[0]
    of_way = {way: [task for task, own in made.items() if own == way] for way in ways}
    return "; ".join(f"{way}: {first_and_more(tasks, _NAMED)}" for way, tasks in of_way.items())


def _drawn(study: Study) -> str:
    tasks = len(checked_tasks(study))
    if tasks <= CHARTS and tasks == len(study.tasks):
        return ""
    return f"Charts show {count(min(tasks, CHARTS))} of {plural(len(study.tasks), 'task')}."


def class_tables(study: Study) -> list[ClassTable]:
    """Classes of the learner in front, for the first tasks that have several."""
    name = shown_learners(study)[-1]
    tables = study.by_learner[name].get("classes", {})
    return [_class_table(task, rows) for task, rows in list(tables.items())[:TABLES]]


def _class_table(task: str, rows: Sequence[Mapping[str, Any]]) -> ClassTable:
    of_pixels = any(row.get("iou") is not None for row in rows)
    measures = {"precision": "precision", "recall": "recall", "f1": "F1"}
    if of_pixels:
        measures["iou"] = "IoU"
    shown, more = rows[:CLASSES], len(rows) - CLASSES
    absent = [row["name"] for row in shown if of_pixels and row["iou"] is None]
    return ClassTable(
        task,
        ["class", *measures.values(), "pixels" if of_pixels else "labels"],
        [
            [row["name"], *(_share(row[key]) for key in measures), _support(row["support"])]
            for row in shown
        ],
        of_pixels,
        f"No pixel has or is decided for {', '.join(absent)}: no IoU." if absent else "",
        f"{plural(more, 'further row')} of classes are" if more > 0 else "",
    )


def _support(value: float) -> str:
    return number(value, 0 if value == int(value) else 1)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
