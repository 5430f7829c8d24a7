"""What a reader must know before believing the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.evaluation.judging._comparison_records import LearnerRow
from polytask.evaluation.wording._words import together

__all__ = ["warnings_of"]

_ENOUGH_RUNS = 5
_FEW_ROWS = 100
_NUMBERS = {1: "One seed alone proves", 2: "Two seeds alone prove", 3: "Three seeds alone prove"}


def warnings_of(study: Mapping[str, Any], rows: Sequence[LearnerRow]) -> tuple[str, ...]:
    """One task, few seeds, few rows, what averages leave out, failed trials, overlapping folds."""
    found = [
        *_one_task(study, rows),
        *_seeds(study),
        *_few_rows(study),
        *_left_out(study, rows),
        *_failures(rows),
    ]
    return tuple(found)


def _one_task(study: Mapping[str, Any], rows: Sequence[LearnerRow]) -> list[str]:
    """How to ask whether sharing helps."""
    if len(study["tasks"]) > 1 or not any(row.joint for row in rows):
        return []
    sentence = (
        "Whether joint training helps takes two tasks or more: several --target on the command "
        "line, a list of tasks in Python. Columns of one task can be tasks of their own, such as "
        "--target a:binary --target b:binary in place of one multilabel task."
    )
    return [sentence]


def _seeds(study: Mapping[str, Any]) -> list[str]:
    runs, folds = len(study["runs"]), study["split"]["folds"]
    if folds > 1:
        sentence = (
            f"The {folds} folds share training rows, so their spread is no measure of what "
            "new data would give."
        )
        return [sentence]
    if runs >= _ENOUGH_RUNS:
        return []
    opening = _NUMBERS.get(runs, f"{runs} seeds alone prove")
    sentence = (
        f"{opening} nothing: all runs share one split, and intervals speak about its test rows "
        "alone. Remedy: more --seeds (seeds= in Python), or several splits from Python."
    )
    return [sentence]


def _few_rows(study: Mapping[str, Any]) -> list[str]:
    few = [task["name"] for task in study["tasks"] if task["test_rows"] < _FEW_ROWS]
    if not few:
        return []
    sentence = (
        f"Fewer than {_FEW_ROWS} labelled test rows for {together(few)}: "
        "a real difference there may go unseen."
    )
    return [sentence]


def _left_out(study: Mapping[str, Any], rows: Sequence[LearnerRow]) -> list[str]:
    """Columns or classes that a headline metric cannot count."""
    found = []
    for task in study["tasks"]:
        estimates = [row.tasks[task["name"]][task["metric"]] for row in rows]
        reasons = dict.fromkeys(reason for one in estimates for reason in one.left_out)
        if reasons:
            label = task["labels"][task["metric"]]
            found.append(f"{label} of {task['name']} leaves out {'; '.join(reasons)}.")
    return found


def _failures(rows: Sequence[LearnerRow]) -> list[str]:
    found = []
    for row in rows:
        trials = [trial for run in row.runs for trial in run.trials]
        failed = [trial for trial in trials if trial.failure]
        if failed:
            found.append(
                f"{row.name}: {len(failed)} of {len(trials)} trials gave no model "
                f"({failed[0].failure})"
            )
    return found
