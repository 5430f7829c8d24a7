"""Metrics of a task that tables can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass

from polytask._validation import describe
from polytask.exceptions import ParameterError
from polytask.metrics._metric import Metric

__all__ = ["another_name", "distinct_metrics", "is_same", "written"]


def distinct_metrics(task: str, metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """The metrics, each once.

    Parameters
    ----------
    task : str
        The task's name, for errors.
    metrics : iterable of Metric

    Raises
    ------
    ParameterError
        If two have one name, by which records carry them, or one label, by which people read.
    """
    distinct: list[Metric] = []
    for metric in metrics:
        if not any(is_same(metric, other) for other in distinct):
            distinct.append(metric)
    for attribute in ("name", "label"):
        _check_distinct(task, distinct, attribute)
    return tuple(distinct)


def is_same(metric: Metric, other: Metric) -> bool:
    """Whether two objects are one class with the same settings."""
    return metric == other or (type(metric) is type(other) and vars(metric) == vars(other))


def written(metric: Metric) -> str:
    """A metric with its settings and its module, for errors."""
    cls = type(metric)
    shown = describe(metric, 100) if is_dataclass(metric) else f"{cls.__name__}()"
    return f"{shown} of {cls.__module__.partition('._')[0]}"


def another_name(attribute: str) -> str:
    """Remedy for two metrics of one name or label."""
    return (
        f"Give one of them another `{attribute}`; where it depends on a metric's settings, as a "
        "property."
    )


def _check_distinct(task: str, metrics: Sequence[Metric], attribute: str) -> None:
    first: dict[str, Metric] = {}
    for metric in metrics:
        shown = getattr(metric, attribute)
        known = first.setdefault(shown, metric)
        if known is not metric:
            sentence = (
                f"Task {task!r} has two metrics of one {attribute}, {shown!r}: {written(known)} "
                f"and {written(metric)}. {another_name(attribute)}"
            )
            raise ParameterError(sentence)
