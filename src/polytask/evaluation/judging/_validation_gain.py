"""Gain of a run over the yardstick on validation rows."""

from __future__ import annotations

from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._target_size import target_size
from polytask.evaluation.judging._worth import too_small
from polytask.evaluation.running._records import MetricRecord
from polytask.evaluation.running._tuning import Measured, Tuned, headlines, mean_gain
from polytask.tasks import TaskSet

__all__ = ["validation_gain"]


def validation_gain(run: Tuned, yardstick: Entry, context: Context) -> float | None:
    """Mean relative gain over the yardstick, over the primary tasks that carry one."""
    reference = _averaged(yardstick, run, context)
    constant = None if context.constant is None else _averaged(context.constant, run, context)
    counted = [
        task.name
        for task in context.tasks.primary
        if task.name not in context.constant_in_training
        and too_small(
            context.headline(task.name),
            _value(reference, context, task.name),
            None if constant is None else _value(constant, context, task.name),
        )
        is None
    ]
    if not counted:
        return None
    tasks = context.tasks.subset(counted)
    if context.many_small:
        return _common_gain(run.validation, reference, yardstick, context, tasks)
    return mean_gain(run.validation, reference, tasks)


def _common_gain(
    measured: Measured, reference: Measured, yardstick: Entry, context: Context, tasks: TaskSet
) -> float | None:
    """Mean gain over the mean of the reference: one denominator for all tasks of a metric."""
    changes: dict[str, list[float]] = {}
    levels: dict[str, list[float]] = {}
    for task in tasks.names:
        metric = context.headline(task)
        value, reference_value = _value(measured, context, task), _value(reference, context, task)
        if value is None or reference_value is None:
            continue
        size = target_size(yardstick, task, metric) * (1 if metric.greater_is_better else -1)
        changes.setdefault(metric.name, []).append((value - reference_value) / size)
        levels.setdefault(metric.name, []).append(reference_value / abs(size))
    kept = [name for name in levels if sum(levels[name]) > 0]
    total = sum(len(levels[name]) for name in kept)
    gains = [len(levels[name]) * sum(changes[name]) / sum(levels[name]) for name in kept]
    return sum(gains) / total if total else None


def _value(measured: Measured, context: Context, task: str) -> float | None:
    return measured[task][context.headline(task).name].value


def _averaged(entry: Entry, run: Tuned, context: Context) -> Measured:
    """An entry's headline metrics on the run's validation rows, averaged over its seeds."""
    split = run.runs[0].spec.split["digest"]
    runs = [
        run_of_split
        for run_of_split in entry.runs
        if run_of_split.runs[0].spec.split["digest"] == split
    ]
    return {
        task: {
            metric.name: _mean(
                [run_of_split.validation[task][metric.name] for run_of_split in runs]
            )
        }
        for task, metric in headlines(context.tasks).items()
    }


def _mean(records: list[MetricRecord]) -> MetricRecord:
    values = [record.value for record in records if record.value is not None]
    return MetricRecord(sum(values) / len(values)) if values else records[0]
