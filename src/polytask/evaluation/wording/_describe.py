"""Description of a comparison's data, split and tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from polytask._listing import count
from polytask._naming import snake_case
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.running._labelled import labelled_rows
from polytask.evaluation.running._repetition import Repetition
from polytask.metrics import metrics_for
from polytask.tasks import Task

__all__ = ["described_study", "identity"]

_LEVEL = 0.95

_MOST_INPUTS = 30


def identity(
    digest: str, splitter: Splitter, splits: Sequence[Split], budget: Budget
) -> dict[str, Any]:
    """Values that must be equal for two comparisons to share a folder."""
    together = hashlib.sha256("".join(split.digest() for split in splits).encode())
    return {
        "data": digest,
        "split": {"kind": type(splitter).__name__, "digest": together.hexdigest()},
        "budget": _budget(budget),
    }


def described_study(
    data: MultiTaskDataset,
    digest: str,
    splitter: Splitter,
    repetitions: Sequence[Repetition],
    budget: Budget,
) -> dict[str, Any]:
    """Description of a comparison before it runs."""
    splits = list({id(repetition.split): repetition.split for repetition in repetitions}.values())
    sizes = [labelled_rows(data, split.test) for split in splits]
    title = f"{count(len(data.tasks), 'task')}, {count(data.n_rows, 'row')}"
    return {
        "title": title,
        "data": {
            "digest": digest,
            "summary": data.summary(),
            "inputs": _inputs(data),
            "notes": list(data.notes),
        },
        "split": {
            "kind": type(splitter).__name__,
            "recipe": _recipe(splitter),
            "folds": len(splits),
            "units": _units(data),
            "rows": [_sizes(split) for split in splits],
        },
        "runs": [
            {"fold": repetition.split.fold, "seed": repetition.seed} for repetition in repetitions
        ],
        "budget": _budget(budget),
        "tasks": [_task(task, [size[task.name] for size in sizes]) for task in data.tasks],
        "statistics": _statistics(data, splits, len(repetitions)),
    }


def _inputs(data: MultiTaskDataset) -> dict[str, Any]:
    """Names of each source's input columns, the first ones only, and how many more there are."""
    names = {source.name: source.inputs.columns for source in data.sources}
    return {
        source: {"names": columns[:_MOST_INPUTS], "more": max(len(columns) - _MOST_INPUTS, 0)}
        for source, columns in names.items()
    }


def _units(data: MultiTaskDataset) -> int:
    """Number of groups that a splitter can separate, else rows of the smallest source."""
    groups = [source.groups for source in data.sources if source.groups is not None]
    if groups:
        return len(np.unique(np.concatenate(groups)))
    return min(source.n_rows for source in data.sources)


def _budget(budget: Budget) -> dict[str, int]:
    return {"trials": budget.trials, "steps": budget.steps}


def _recipe(splitter: Splitter) -> dict[str, Any]:
    """Plain settings of a splitter; given row indices are covered by the digest."""
    names: list[str] = []
    if is_dataclass(splitter):
        names = [field.name for field in fields(splitter)]
    values = {name: getattr(splitter, name) for name in names}
    plain = {name: v for name, v in values.items() if isinstance(v, str | int | float | None)}
    return {"type": snake_case(type(splitter).__name__), "parameters": plain}


def _sizes(split: Split) -> dict[str, Any]:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    sizes = {part: sum(len(rows) for rows in by.values()) for part, by in parts.items()}
    return {"fold": split.fold, "name": split.name, **sizes}


def _task(task: Task, test_rows: Sequence[int]) -> dict[str, Any]:
    metrics = metrics_for(task)
    after = {"after": list(task.after)} if task.after else {}
    return {
        "name": task.name,
        "kind": task.known_kind.name,
        "role": task.role,
        "weight": task.weight,
        "metric": metrics[0].name,
        "metrics": [metric.name for metric in metrics],
        "greater_is_better": {metric.name: metric.greater_is_better for metric in metrics},
        "labels": {metric.name: metric.label for metric in metrics},
        "test_rows": round(sum(test_rows) / len(test_rows)),
        **after,
    }


def _statistics(data: MultiTaskDataset, splits: Sequence[Split], seeds: int) -> dict[str, Any]:
    grouped = any(source.groups is not None for source in data.sources)
    unit = "groups" if grouped else "rows"
    method = (
        f"{_LEVEL:.0%} intervals of each metric's own family (Student's t for errors, Bonett–Price "
        f"for accuracies, Wilson and Newcombe with DeLong's variance for areas); two learners are "
        f"compared by exchanging their predictions, one of the test {unit} at a time, and by Student's t"
    )
    if len(splits) > 1:
        method += f"; the spread over {len(splits)} splits enters by the Nadeau–Bengio variance"
    elif seeds > 1:
        method += f"; the spread over {seeds} seeds enters as a level of its own"
    correction = (
        "Holm over the tasks of each learner, not over learners; Δm of joint learners that validation "
        "rows do not prefer, over learners"
    )
    return {"level": _LEVEL, "unit": unit, "method": method, "correction": correction}
