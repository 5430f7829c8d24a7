"""Losses and metrics of a data set's tasks, checked before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from polytask._listing import first_and_more, names_by_key
from polytask.data import MultiTaskDataset
from polytask.losses import Loss, check_losses
from polytask.metrics import Metric, check_metrics, metrics_for, threshold_metric
from polytask.tasks import Task, has_own_kind, own_default

__all__ = ["with_checked_tasks"]


def with_checked_tasks(data: MultiTaskDataset, *, measured: bool = True) -> MultiTaskDataset:
    """The same data, whose tasks of kinds of the user's own name their losses and metrics.

    The defaults that classes of the user's own declare by `default_for` are settled here, once, so
    that worker processes and saved models need not know the module that defines these classes.

    Parameters
    ----------
    data : MultiTaskDataset
    measured : bool, default True
        Whether models are measured, so that every task needs a metric.

    Raises
    ------
    ParameterError
        If a loss, metric or threshold does not suit its task, or a task has no metric.
    """
    check_losses(data.tasks)
    for task in data.tasks:
        threshold_metric(task)
    check_metrics(task for task in data.tasks if measured or task.metrics is not None)
    settled = {task.name: _settled(task) for task in data.tasks if has_own_kind(task.known_kind)}
    changed = {name: task for name, task in settled.items() if task is not data.tasks[name]}
    if not changed:
        return data
    pairs = [
        (name, note) for name, task in changed.items() for note in _notes(data.tasks[name], task)
    ]
    notes = [f"{first_and_more(names)}: {note}" for note, names in names_by_key(pairs).items()]
    return replace(data.with_tasks(changed), notes=(*data.notes, *notes))


def _settled(task: Task) -> Task:
    kind = task.known_kind
    loss, metrics = task.loss, task.metrics
    if loss is None:
        loss = own_default(Loss, kind, "loss=…")
    if metrics is None and own_default(Metric, kind, "metrics=…") is not None:
        metrics = metrics_for(task)
    if loss is task.loss and metrics is task.metrics:
        return task
    return replace(task, loss=loss, metrics=metrics)


def _notes(before: Task, after: Task) -> Iterator[str]:
    """Sentences on what was decided by `default_for`."""
    kind = after.known_kind.name
    if after.loss is not before.loss:
        yield f"the loss is {type(after.loss).__name__}, the default of {kind}"
    if after.metrics is not before.metrics:
        yield f"the headline is {metrics_for(after)[0].label}, the default of {kind}"
