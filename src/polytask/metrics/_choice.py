"""Choice of the metrics that a task is measured with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from polytask._naming import public_classes
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._distinct_metrics import distinct_metrics, is_same, written
from polytask.metrics._metric import Metric
from polytask.tasks import Kind, Task, has_own_kind, named_object, own_default

__all__ = ["default_metric", "headline_note", "metrics_for", "serving_names"]

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
        Its kind must be settled. If it names metrics, these are they, and the first that
        can enter Δm is the headline (the kind's default, if none does); else the kind's
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
    if task.metrics is not None:
        named = [_named(task, choice) for choice in task.metrics]
        return distinct_metrics(task.name, [_headline(task, named), *named])
    serving = _all_serving(task)
    if has_own_kind(task.known_kind):
        return distinct_metrics(task.name, serving)
    return tuple(dict.fromkeys(serving))


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
    if is_same(first, headline):
        return None
    return f"{first.label} {first.no_headline}, so that {headline.label} is the headline"


def _all_serving(task: Task) -> list[Metric]:
    """The default of the kind, and all public metrics that serve it."""
    kind = task.known_kind
    serving = [metric for metric in _public() if metric.serves(kind)]
    default = _default(kind, serving)
    if default is None and not serving:
        sentence = (
            f"No metric serves the kind {kind.name!r} of task {task.name!r}. Name some: "
            "Task(..., metrics=...), or let a metric of your own declare "
            f"`default_for = ({type(kind).__name__},)`."
        )
        raise ParameterError(sentence)
    return serving if default is None else [default, *serving]


def _headline(task: Task, named: Sequence[Metric]) -> Metric:
    """The first that can enter Δm, or the default of the kind."""
    first = next((metric for metric in named if metric.no_headline is None), None)
    headline = first or _default(task.known_kind)
    if headline is None:
        labels = ", ".join(metric.label for metric in named)
        sentence = (
            f"The `metrics` parameter of task {task.name!r} must hold one on a positive scale, "
            f"which enters Δm, since the kind {task.known_kind.name!r} has no default. Got {labels} "
            f"instead, which {named[0].no_headline}. Add such a metric; this one stays beside it."
        )
        raise ParameterError(sentence)
    return headline


def _default(kind: Kind, metrics: Sequence[Metric] | None = None) -> Metric | None:
    """The default of the kind: the user's own, or one of these metrics (all public ones)."""
    own: Metric | None = own_default(Metric, kind, "metrics=…")
    if own is not None and own.no_headline is not None:
        sentence = (
            f"{written(own)} declares itself the default metric of the kind {kind.name!r}, but "
            f"{own.no_headline}, so that it cannot enter Δm. Leave it out of `default_for`, and name it in "
            "tasks beside one on a positive scale: Task(..., metrics=[…, …])."
        )
        raise ParameterError(sentence)
    if own is not None:
        return own
    metrics = _public() if metrics is None else metrics
    return next((metric for metric in metrics if isinstance(kind, metric.default_for)), None)


@cache
def _public() -> tuple[Metric, ...]:
    return tuple(metric() for metric in public_classes(_ROOM, Metric).values())


def _named(task: Task, choice: object) -> Metric:
    """The metric that a name, a class or an object stands for."""
    kind, owner = task.known_kind, f"task {task.name!r}"
    metric = named_object(choice, _ROOM, Metric, owner, "metrics")
    if not isinstance(metric, Metric) or not metric.serves(kind):
        expected = f"metrics that serve the kind {kind.name}"
        remedy = _choices(kind)
        raise ParameterError(message(owner, "metrics", expected, choice, remedy))
    return metric


def serving_names(kind: Kind) -> tuple[str, ...]:
    """Names of the public metrics that serve a kind.

    Examples
    --------
    >>> from polytask.metrics import serving_names
    >>> from polytask.tasks import Count
    >>> "poisson_deviance" in serving_names(Count())
    True
    """
    return tuple(metric.name for metric in _public() if metric.serves(kind))


def _choices(kind: Kind) -> str:
    known = ", ".join(serving_names(kind))
    if known:
        return f"Choose from {known}, or write one whose `kinds` name {type(kind).__name__}."
    return f"No public metric serves it; write one whose `kinds` name {type(kind).__name__}."
