"""Options of single tasks by name: weights, class weights, metrics, losses, thresholds and dependencies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from polytask._naming import suggestion
from polytask._validation import message
from polytask.data.dataset._dataset import MultiTaskDataset
from polytask.data.sources import fit_targets
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.tasks import FittedTarget, Task, TaskSet, class_weights, takes_class_weights

__all__ = ["with_task_options"]


def with_task_options(
    data: MultiTaskDataset,
    *,
    task_weight: Any,
    class_weight: Any,
    metric: Any,
    loss: Any,
    threshold: Any,
    after: Any,
) -> MultiTaskDataset:
    """Replace weights, class weights, metrics, losses, thresholds and dependencies of tasks.

    Parameters
    ----------
    data : MultiTaskDataset
    task_weight : None or mapping of task to float
    class_weight : None, "balanced", or mapping of task to "balanced" or mapping of class to float
        A single value is for all tasks with classes.
    metric : None, metric, name or list of these, or mapping of task to these
        A single value is for all tasks that it serves. The first metric is the headline.
    loss : None or mapping of task to loss or name
        Whether it serves the task is checked where losses are loaded.
    threshold : None, number, metric or name, or mapping of task to these
        A single value is for all tasks whose decisions have one.
    after : None or mapping of task to name or names of tasks
    """
    if task_weight is class_weight is metric is loss is threshold is after is None:
        return data
    weights = _by_task("task_weight", task_weight, data.tasks.names)
    targets = fit_targets(data.sources)
    classes = _class_weights(class_weight, data.tasks, targets)
    metrics = _metrics(metric, data.tasks)
    _check_metric_names(metrics, data.tasks)
    losses = _by_task("loss", loss, data.tasks.names)
    thresholds = _thresholds(threshold, data.tasks)
    upstream = _by_task("after", after, data.tasks.names)
    tasks = {
        task.name: replace(
            task,
            weight=weights.get(task.name, task.weight),
            class_weight=classes.get(task.name, task.class_weight),
            metrics=metrics.get(task.name, task.metrics),
            loss=losses.get(task.name, task.loss),
            threshold=thresholds.get(task.name, task.threshold),
            after=upstream.get(task.name, task.after),
        )
        for task in data.tasks
    }
    for task in tasks.values():  # raise where they do not suit
        class_weights(f"task {task.name!r}", task.class_weight, targets[task.name])
        if task.metrics is not None:
            _chosen(task)
        if task.threshold is not None:
            _check_threshold(task)
    return data.with_tasks(tasks)


def _by_task(parameter: str, given: Any, tasks: tuple[str, ...]) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        expected = "a mapping of task to value"
        raise ParameterError(message("read", parameter, expected, given))
    for name in given:
        if name not in tasks:
            guess = suggestion(str(name), tasks)
            sentence = f"The `{parameter}` parameter names no task by {name!r}. {guess}"
            raise ParameterError(sentence)
    return given


def _class_weights(
    given: Any, tasks: TaskSet, targets: Mapping[str, FittedTarget]
) -> Mapping[str, Any]:
    if given is None or isinstance(given, Mapping):
        return _by_task("class_weight", given, tasks.names)

    def serves(task: Task) -> bool:
        return takes_class_weights(targets[task.name])

    return _for_all("class_weight", given, given, tasks, serves)


def _metrics(given: Any, tasks: TaskSet) -> Mapping[str, Any]:
    if given is None or isinstance(given, Mapping):
        by_task = _by_task("metric", given, tasks.names)
        return {name: _listed(metrics) for name, metrics in by_task.items()}
    listed = _listed(given)

    _check_metric_names(dict.fromkeys(tasks.names, listed), tasks)

    def serves(task: Task) -> bool:
        try:
            _chosen(replace(task, metrics=listed))
        except UnknownNameError:
            raise
        except ParameterError:
            return False
        return True

    return _for_all("metric", given, listed, tasks, serves)


def _check_metric_names(metrics: Mapping[str, Sequence[Any]], tasks: TaskSet) -> None:
    """Raise for a name that no metric has, with those that serve the task."""
    for name, listed in metrics.items():
        try:
            replace(tasks[name], metrics=tuple(listed))
        except UnknownNameError as error:
            from polytask.metrics import serving_names  # which loads scikit-learn

            kind = tasks[name].known_kind
            serving = ", ".join(serving_names(kind)) or "none"
            sentence = f"{error} Task {name!r} is {kind.name}, which these serve: {serving}."
            raise UnknownNameError(sentence) from None


def _thresholds(given: Any, tasks: TaskSet) -> Mapping[str, Any]:
    if given is None or isinstance(given, Mapping):
        return _by_task("threshold", given, tasks.names)
    return _for_all("threshold", given, given, tasks, lambda task: task.known_kind.takes_threshold)


def _for_all(
    parameter: str, given: Any, value: Any, tasks: TaskSet, serves: Callable[[Task], bool]
) -> Mapping[str, Any]:
    by_task = {task.name: value for task in tasks if serves(task)}
    if not by_task:
        kinds = ", ".join(f"{task.name} ({task.known_kind.name})" for task in tasks[:5])
        sentence = f"The `{parameter}` parameter {given!r} serves none of the tasks: {kinds}."
        raise ParameterError(sentence)
    return by_task


def _listed(metrics: Any) -> tuple[Any, ...]:
    """One metric or several as a tuple."""
    several = isinstance(metrics, Iterable) and not isinstance(metrics, str)
    return tuple(metrics) if several else (metrics,)


def _chosen(task: Task) -> tuple[Any, ...]:
    from polytask.metrics import metrics_for  # which loads scikit-learn

    return metrics_for(task)


def _check_threshold(task: Task) -> None:
    from polytask.metrics import threshold_metric  # which loads scikit-learn

    threshold_metric(task)
