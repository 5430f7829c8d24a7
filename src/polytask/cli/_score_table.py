"""Held-out metrics of one model as text."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.evaluation import MetricRecord
from polytask.metrics import metrics_for
from polytask.tasks import Task, TaskSet

__all__ = ["score_table"]

_MOST_TASKS = 20
Scores = Mapping[str, Mapping[str, MetricRecord]]


def score_table(tasks: TaskSet, scores: Scores) -> str:
    """Format one line per task, headline metric first; many tasks are averaged."""
    shown = list(tasks)[:_MOST_TASKS]
    width = max(len(task.name) for task in shown)
    lines = [f"{task.name.ljust(width)}  {_line(task, scores)}" for task in shown]
    if len(tasks) > len(shown):
        lines += [f"… and {len(tasks) - len(shown)} more tasks", *_means(tasks, scores)]
    return "\n".join(lines)


def _line(task: Task, scores: Scores) -> str:
    records = [(metric.label, scores[task.name][metric.name]) for metric in metrics_for(task)]
    if all(record.value is None for _, record in records):
        reasons = dict.fromkeys(record.undefined or "" for _, record in records)
        return f"undefined: {'; '.join(reasons)}"
    labelled_values = ((label, record.value) for label, record in records)
    return "  ".join(
        f"{label} {'undefined' if value is None else format(value, '.4g')}"
        for label, value in labelled_values
    )


def _means(tasks: TaskSet, scores: Scores) -> list[str]:
    """The mean over tasks of every headline metric."""
    values: dict[str, list[float]] = {}
    for task in tasks:
        metric = metrics_for(task)[0]
        value = scores[task.name][metric.name].value
        if value is not None:
            values.setdefault(metric.label, []).append(value)
    return [
        f"mean {label} of {len(numbers)} tasks: {sum(numbers) / len(numbers):.4g}"
        for label, numbers in values.items()
    ]
