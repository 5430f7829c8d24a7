"""Which metrics a task is measured with."""

from __future__ import annotations

import importlib

from polytask._naming import resolve
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._metric import Metric
from polytask.tasks import Kind, Task

__all__ = ["default_metric", "metrics_for"]

_ROOM = "polytask.metrics"


def default_metric(kind: Kind) -> Metric:
    """The metric with which tasks of this kind enter Δm.

    Parameters
    ----------
    kind : Kind

    Raises
    ------
    ParameterError
        If no public metric declares itself the kind's default.

    Examples
    --------
    >>> from polytask.metrics import default_metric
    >>> from polytask.tasks import Binary
    >>> default_metric(Binary()).label
    'ROC-AUC'
    """
    for metric in _public():
        if isinstance(kind, metric.default_for):
            return metric
    sentence = f"No metric is the default of the kind {kind.name!r}. Name metrics in its tasks."
    raise ParameterError(sentence)


def metrics_for(task: Task) -> tuple[Metric, ...]:
    """The metrics a task is measured with, the one that enters Δm first.

    Parameters
    ----------
    task : Task
        Its kind must be settled. If it names metrics, these are they, and the first that lies
        on a positive scale enters Δm (the kind's default, if none does); else all that serve
        the kind.

    Raises
    ------
    UnknownNameError
        If a name is no metric's.
    ParameterError
        If a metric does not serve the task's kind, or none does.

    Examples
    --------
    >>> from polytask.metrics import metrics_for
    >>> from polytask.tasks import Task
    >>> [metric.name for metric in metrics_for(Task("price", "regression", metrics=("r2", "mae")))]
    ['mae', 'r2']
    """
    kind = task.known_kind
    if task.metrics is None:
        named = [metric for metric in _public() if isinstance(kind, metric.kinds)]
        first = [metric for metric in named if isinstance(kind, metric.default_for)]
    else:
        named = [_named(task, choice) for choice in task.metrics]
        first = [metric for metric in named if metric.positive_scale] or [default_metric(kind)]
    if not named:
        sentence = (
            f"No metric serves the kind {kind.name!r} of task {task.name!r}. "
            "Name some: Task(..., metrics=...)."
        )
        raise ParameterError(sentence)
    return tuple(dict.fromkeys([*first[:1], *named]))


def _public() -> list[Metric]:
    module = importlib.import_module(_ROOM)
    things = [getattr(module, name) for name in module.__all__]
    return [
        thing()
        for thing in things
        if isinstance(thing, type) and issubclass(thing, Metric) and thing is not Metric
    ]


def _named(task: Task, choice: object) -> Metric:
    metric = choice
    if isinstance(choice, str):
        metric = resolve(choice, _ROOM, "metric", Metric, imports=True)
    if isinstance(metric, type):
        metric = metric()
    kind = task.known_kind
    if not isinstance(metric, Metric) or not isinstance(kind, metric.kinds):
        known = ", ".join(other.name for other in _public() if isinstance(kind, other.kinds))
        expected = f"metrics that serve the kind {kind.name}"
        owner = f"task {task.name!r}"
        raise ParameterError(message(owner, "metrics", expected, choice, f"Choose from {known}."))
    return metric
