"""Choice of the metrics that a task is measured with."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass

from polytask._validation import describe, message
from polytask.exceptions import ParameterError
from polytask.metrics._metric import Metric
from polytask.tasks import Kind, Task, named_object, own_default

__all__ = ["check_metrics", "default_metric", "headline_note", "metrics_for"]

_ROOM = "polytask.metrics"


def default_metric(kind: Kind) -> Metric:
    """The metric with which tasks of this kind enter Δm unless they name others.

    For a kind of the user's own, a metric of the user's own that names it in `default_for`.

    Parameters
    ----------
    kind : Kind

    Raises
    ------
    ParameterError
        If no metric declares itself the kind's default, or several of the user's own do.

    Examples
    --------
    >>> from polytask.metrics import default_metric
    >>> from polytask.tasks import Binary
    >>> default_metric(Binary()).label
    'ROC-AUC'
    """
    metric = _default(kind)
    if metric is None:
        sentence = f"No metric is the default of the kind {kind.name!r}. Name metrics in its tasks."
        raise ParameterError(sentence)
    return metric


def metrics_for(task: Task) -> tuple[Metric, ...]:
    """The metrics a task is measured with, the headline, which enters Δm, first.

    Parameters
    ----------
    task : Task
        Its kind must be settled. If it names metrics, these are they, and the first that lies
        on a positive scale is the headline (the kind's default, if none does); else the kind's
        default and all public ones that serve the kind.

    Raises
    ------
    UnknownNameError
        If a name is no metric's.
    ParameterError
        If a metric does not serve the task's kind, none does, none can enter Δm, or two have one
        name.

    Examples
    --------
    >>> from polytask.metrics import metrics_for
    >>> from polytask.tasks import Task
    >>> [metric.name for metric in metrics_for(Task("price", "regression", metrics=("r2", "mae")))]
    ['mae', 'r2']
    """
    if task.metrics is None:
        metrics = _all_serving(task)
    else:
        named = [_named(task, choice) for choice in task.metrics]
        metrics = [_headline(task, named), *named]
    distinct: list[Metric] = []
    for metric in metrics:
        if not any(_is_same(metric, other) for other in distinct):
            distinct.append(metric)
    _check_told_apart(task, distinct)
    return tuple(distinct)


def check_metrics(tasks: Iterable[Task]) -> None:
    """Raise if a task cannot be measured, or one name stands for different metrics of two tasks.

    Parameters
    ----------
    tasks : iterable of Task
        Of known kinds.

    Raises
    ------
    UnknownNameError
    ParameterError

    Examples
    --------
    >>> from polytask.metrics import check_metrics
    >>> from polytask.tasks import Task
    >>> check_metrics([Task("price", "regression", metrics=("mae", "r2"))])
    """
    first: dict[str, tuple[Task, Metric]] = {}
    for task in tasks:
        for metric in metrics_for(task):
            other, known = first.setdefault(metric.name, (task, metric))
            if not _is_same(metric, known):
                sentence = (
                    f"The tasks {other.name!r} and {task.name!r} have different metrics of one "
                    f"name, {metric.name!r}: {_written(known)} and {_written(metric)}. "
                    f"{_another('name')}"
                )
                raise ParameterError(sentence)


def headline_note(task: Task) -> str | None:
    """What is reported where the metric that a task names first cannot enter Δm.

    Examples
    --------
    >>> from polytask.metrics import headline_note
    >>> from polytask.tasks import Task
    >>> headline_note(Task("price", "regression", metrics=("r2", "mae")))
    'R² can cross zero, so that MAE is the headline'
    """
    if task.metrics is None:
        return None
    first, headline = _named(task, task.metrics[0]), metrics_for(task)[0]
    if _is_same(first, headline):
        return None
    return f"{first.label} can cross zero, so that {headline.label} is the headline"


def _all_serving(task: Task) -> list[Metric]:
    """The default of the kind, and all public metrics that serve it."""
    kind = task.known_kind
    serving = [metric for metric in _public() if isinstance(kind, metric.kinds)]
    default = _default(kind)
    if default is None and not serving:
        sentence = (
            f"No metric serves the kind {kind.name!r} of task {task.name!r}. Name some: "
            "Task(..., metrics=...), or let a metric of your own declare "
            f"`default_for = ({type(kind).__name__},)`."
        )
        raise ParameterError(sentence)
    return serving if default is None else [default, *serving]


def _headline(task: Task, named: Sequence[Metric]) -> Metric:
    """The first on a positive scale, or the default of the kind."""
    positive = next((metric for metric in named if metric.positive_scale), None)
    headline = positive or _default(task.known_kind)
    if headline is None:
        labels = ", ".join(metric.label for metric in named)
        sentence = (
            f"The `metrics` parameter of task {task.name!r} must hold one on a positive scale, "
            f"which enters Δm, since the kind {task.known_kind.name!r} has no default. Got {labels} "
            "instead, which can cross zero. Add such a metric; this one stays beside it."
        )
        raise ParameterError(sentence)
    return headline


def _default(kind: Kind) -> Metric | None:
    own: Metric | None = own_default(Metric, kind, "metrics=…")
    if own is not None:
        return own
    return next((metric for metric in _public() if isinstance(kind, metric.default_for)), None)


def _public() -> list[Metric]:
    module = importlib.import_module(_ROOM)
    things = [getattr(module, name) for name in module.__all__]
    return [
        thing()
        for thing in things
        if isinstance(thing, type) and issubclass(thing, Metric) and thing is not Metric
    ]


def _named(task: Task, choice: object) -> Metric:
    """The metric that a name, a class or an object stands for."""
    kind, owner = task.known_kind, f"task {task.name!r}"
    metric = named_object(choice, _ROOM, Metric, owner, "metrics")
    if not isinstance(metric, Metric) or not isinstance(kind, metric.kinds):
        expected = f"metrics that serve the kind {kind.name}"
        remedy = _choices(kind)
        raise ParameterError(message(owner, "metrics", expected, choice, remedy))
    return metric


def _choices(kind: Kind) -> str:
    known = ", ".join(metric.name for metric in _public() if isinstance(kind, metric.kinds))
    if known:
        return f"Choose from {known}, or write one whose `kinds` name {type(kind).__name__}."
    return f"No public metric serves it; write one whose `kinds` name {type(kind).__name__}."


def _check_told_apart(task: Task, metrics: Sequence[Metric]) -> None:
    """Raise if two have one name, by which records carry them, or label, by which people read."""
    for attribute in ("name", "label"):
        first: dict[str, Metric] = {}
        for metric in metrics:
            word = getattr(metric, attribute)
            known = first.setdefault(word, metric)
            if known is not metric:
                sentence = (
                    f"Task {task.name!r} has two metrics of one {attribute}, {word!r}: "
                    f"{_written(known)} and {_written(metric)}. {_another(attribute)}"
                )
                raise ParameterError(sentence)


def _another(attribute: str) -> str:
    return (
        f"Give one of them another `{attribute}`; where it depends on a metric's settings, as a "
        "property."
    )


def _is_same(metric: Metric, other: Metric) -> bool:
    """Whether two objects are one class with the same settings."""
    return metric == other or (type(metric) is type(other) and vars(metric) == vars(other))


def _written(metric: Metric) -> str:
    cls = type(metric)
    shown = describe(metric) if is_dataclass(metric) else f"{cls.__name__}()"
    return f"{shown} of {cls.__module__.partition('._')[0]}"
