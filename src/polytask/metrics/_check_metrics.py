"""Check of the metrics of all tasks, before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterable

from polytask.exceptions import ParameterError
from polytask.metrics._choice import metrics_for
from polytask.metrics._distinct_metrics import another_name, is_same, written
from polytask.metrics._metric import Metric
from polytask.tasks import Task

__all__ = ["check_metrics"]


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
            if not is_same(metric, known):
                sentence = (
                    f"The tasks {other.name!r} and {task.name!r} have different metrics of one "
                    f"name, {metric.name!r}: {written(known)} and {written(metric)}. "
                    f"{another_name('name')}"
                )
                raise ParameterError(sentence)
