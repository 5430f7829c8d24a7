"""Notes that limit the numbers: one task, seeds, left-out columns, failed trials, nothing shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.evaluation.judging._comparison_records import LearnerRow

__all__ = ["warnings_of"]


def warnings_of(study: Mapping[str, Any], rows: Sequence[LearnerRow]) -> tuple[str, ...]:
    """Collect notes on a single task, seeds and splits, left-out columns, failed trials."""
    notes = [
        *_one_task(study, rows),
        *_seeds(study),
        *_left_out(study, rows),
        *_failures(rows),
        *_sharing_nothing(rows),
    ]
    return tuple(notes)


def _one_task(study: Mapping[str, Any], rows: Sequence[LearnerRow]) -> list[str]:
    """Remedy for a comparison with a single task."""
    if len(study["tasks"]) > 1 or not any(row.joint for row in rows):
        return []
    sentence = (
        "Whether joint training helps takes two tasks or more: several --target on the command "
        "line, a list of tasks in Python. Columns of one task can be tasks of their own, such as "
        "--target a:binary --target b:binary in place of one multilabel task."
    )
    return [sentence]


def _seeds(study: Mapping[str, Any]) -> list[str]:
    """Scope of the verdict: two fitted models, one training set, or several."""
    runs, folds = len(study["runs"]), study["split"]["folds"]
    if folds > 1:
        sentence = (
            f"The {folds} splits share training rows; intervals and p-values allow for that "
            "(Nadeau–Bengio), roughly."
        )
        return [sentence]
    several = _several_splits(study["split"]["recipe"], study["split"]["units"])
    if runs == 1:
        sentence = (
            "One seed: intervals and p-values speak about these fitted models alone, not about the "
            f"methods. Remedy: more --seeds (seeds= in Python){f', or {several}' if several else ''}."
        )
        return [sentence]
    tuned = study["budget"]["trials"] > 1
    chosen = ", and settings are chosen with the first" if tuned else ""
    sentence = (
        f"All {runs} seeds share one split{chosen}: intervals and p-values speak about this training "
        f"set{' and these settings' if tuned else ''}."
        f"{f' Remedy: several splits, such as {several}.' if several else ''}"
    )
    return [sentence]


def _several_splits(recipe: Mapping[str, Any], units: int) -> str:
    """Option that requests several splits of the same kind.

    Nothing where rows are ordered in time, or too few to be parted.
    """
    kind, column, folds = recipe["type"], recipe["parameters"].get("column"), min(units // 2, 5)
    if kind == "time_split" or folds < 2:
        return ""
    by_group = kind == "group_split" and column
    text = f"group-folds:{column}:{folds}" if by_group else f"folds:{folds}"
    return f"--split {text} (split={text!r} in Python)"


def _left_out(study: Mapping[str, Any], rows: Sequence[LearnerRow]) -> list[str]:
    """Notes on columns or classes that a headline metric leaves out."""
    notes = []
    for task in study["tasks"]:
        estimates = [row.tasks[task["name"]][task["metric"]] for row in rows]
        reasons = dict.fromkeys(reason for estimate in estimates for reason in estimate.left_out)
        if reasons:
            label = task["labels"][task["metric"]]
            notes.append(f"{label} of {task['name']} leaves out {'; '.join(reasons)}.")
    return notes


def _failures(rows: Sequence[LearnerRow]) -> list[str]:
    notes = []
    for row in rows:
        trials = [trial for run in row.runs for trial in run.trials]
        failed = [trial for trial in trials if trial.failure]
        if failed:
            notes.append(
                f"{row.name}: {len(failed)} of {len(trials)} trials gave no model "
                f"({failed[0].failure})"
            )
    return notes


def _sharing_nothing(rows: Sequence[LearnerRow]) -> list[str]:
    """Learners that search what to share and found that tasks are best apart."""
    notes = []
    for row in rows:
        apart = sum(_is_apart(run.found) for run in row.runs)
        if row.joint and apart:
            notes.append(
                f"{row.name} found in {apart} of {len(row.runs)} runs that no tasks should share. Where it "
                "differs there from single-task training, that is by settings or chance."
            )
    return notes


def _is_apart(found: Mapping[str, Any]) -> bool:
    groups = [group for stage in found.get("groups", ()) for group in stage]
    return bool(groups) and all(len(group) == 1 for group in groups) and not any(found["skips"])
