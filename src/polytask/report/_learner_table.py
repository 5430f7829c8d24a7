"""The comparison table: metrics of learners × tasks with intervals, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._format import compact, duration, percent, plural
from polytask.report._matrix import Head, task_rows
from polytask.report._study import Study
from polytask.report._table_cells import Cell, column

__all__ = ["LearnerTable", "TableRow", "learner_table"]

WIDE = 5  # more tasks than this have no columns of their own


@dataclass(frozen=True)
class TableRow:
    """The cells and costs of one learner."""

    name: str
    badges: Sequence[str]
    cells: Sequence[Cell]
    best_on: int
    seconds: str
    tuning: str
    parameters: str
    flops: str
    passing: str


@dataclass(frozen=True)
class LearnerTable:
    """The table with one row per learner."""

    heads: Sequence[Head]
    rows: Sequence[TableRow]
    counts_best: bool
    notes: Sequence[str]
    counts_flops: bool = False

    @property
    def names(self) -> list[str]:
        """Full names of all columns."""
        heads = [f"{head.name}, {head.metric} {'↑' if head.higher else '↓'}" for head in self.heads]
        best = ["best on"] if self.counts_best else []
        cost = ["operations per row, time of 256 rows"] if self.counts_flops else []
        return ["learner", *heads, *best, "time to fit, with tuning", "parameters", *cost]


def learner_table(study: Study) -> LearnerTable:
    """Build one row per learner, with one column per task if they fit."""
    wide = len(study.tasks) > WIDE
    headline = task_rows(study)
    columns = [_gain_column(study), *([] if wide else [row.cells for row in headline])]
    heads = [Head("Δm", "%"), *([] if wide else [row.head for row in headline])]
    rows = [
        TableRow(
            name=learner["name"],
            badges=_badges(study, learner),
            cells=[cells[i] for cells in columns],
            best_on=sum(row.cells[i].best for row in headline),
            seconds=duration(learner["seconds"]),
            tuning=duration(learner["seconds_tuning"]),
            parameters=compact(learner["n_parameters"]) if learner["n_parameters"] else "–",
            flops=compact(learner["flops"]) if learner.get("flops") else "–",
            passing=_milliseconds(learner.get("seconds_of_pass") or 0.0),
        )
        for i, learner in enumerate(study.learners)
    ]
    counts_flops = any(learner.get("flops") for learner in study.learners)
    return LearnerTable(heads, rows, wide, _left_out(study), counts_flops)


def _milliseconds(seconds: float) -> str:
    """Seconds of a pass; empty if it was not measured."""
    return f"{1000 * seconds:.2g} ms" if seconds else ""


def _gain_column(study: Study) -> list[Cell]:
    yardstick = {"value": 0.0, "interval": None, "note": "the yardstick"}
    undefined = {"value": None, "interval": None, "undefined": "no task is covered by both"}
    measures = [
        yardstick if name == study.record["baseline"] else _with_geometric(learner["delta_m"])
        for name, learner in study.by_learner.items()
    ]
    return column([undefined | dict(m) for m in measures], higher=True, scale=100, signed=True)


def _with_geometric(gain: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Add the geometric mean as a note of Δm."""
    geometric = (gain or {}).get("geometric")
    if geometric is None:
        return gain or {}
    return {**(gain or {}), "note": f"geometric {percent(geometric, 2, signed=True)}"}


def _badges(study: Study, learner: Mapping[str, Any]) -> list[str]:
    badges = ["joint" if learner["joint"] else "task by task"]
    if learner["name"] == study.record["recommended"]["learner"]:
        badges.insert(0, "recommended")
    return badges


def _left_out(study: Study) -> list[str]:
    """Sentences about the tasks that a learner's Δm leaves out, by reason."""
    notes: dict[str, list[str]] = {}
    for learner in study.learners:
        left_out = (learner["delta_m"] or {}).get("left_out") or {}
        for reason in dict.fromkeys(left_out.values()):
            tasks = [task for task, why in left_out.items() if why == reason]
            listed = ", ".join(tasks) if len(tasks) <= 5 else plural(len(tasks), "task")
            notes.setdefault(f"{listed} ({reason})", []).append(learner["name"])
    return [f"Δm of {', '.join(names)} leaves out {what}." for what, names in notes.items()]
