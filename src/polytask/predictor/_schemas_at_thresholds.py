"""Thresholds of decisions in the schemas of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polytask._validation import message
from polytask.data import Schema
from polytask.exceptions import ParameterError
from polytask.predictor._fitted_targets import fitted_targets, with_targets
from polytask.tasks import FittedTarget, Task, TaskSet, with_thresholds

__all__ = ["schemas_at_thresholds"]


def schemas_at_thresholds(
    tasks: TaskSet,
    schemas: Mapping[str, Schema],
    thresholds: Mapping[str, float | Sequence[float]],
) -> dict[str, Schema]:
    """The same schemas, with other thresholds of some tasks.

    Parameters
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
    thresholds : mapping of task to float in (0, 1), or to a sequence of one per target column

    Raises
    ------
    ParameterError
        If a task is unknown, decisions of its kind have no threshold, or there is no number in
        (0, 1) for each of its columns.
    """
    targets = fitted_targets(tasks, schemas)
    moved = {
        tasks[name].name: with_thresholds(
            targets[name], _per_column(tasks[name], targets[name], given)
        )
        for name, given in thresholds.items()
    }
    return with_targets(schemas, moved)


def _per_column(task: Task, target: FittedTarget, given: float | Sequence[float]) -> list[float]:
    """A threshold for each column of a task's target."""
    n_columns = len(target.columns)
    if not task.known_kind.takes_threshold:
        expected = (
            f"of tasks whose decisions have one, which those of {task.known_kind.name} have not"
        )
        raise ParameterError(message(f"task {task.name!r}", "threshold", expected, given))
    listed = [given] * n_columns if isinstance(given, int | float) else list(given)
    if len(listed) != n_columns or not all(0 < threshold < 1 for threshold in listed):
        each = (
            "a number" if n_columns == 1 else f"a number, or one for each of {n_columns} columns,"
        )
        expected = f"{each} between 0 and 1"
        raise ParameterError(message(f"task {task.name!r}", "threshold", expected, given))
    return listed
