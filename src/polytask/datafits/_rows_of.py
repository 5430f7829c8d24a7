"""Rows of tasks from what an estimator learns from."""

from __future__ import annotations

from polytask.datafits._own_rows import OwnRows
from polytask.datafits._shared_rows import SharedRows
from polytask.datafits._task_rows import TaskRows
from polytask.estimators import TaskTable

__all__ = ["rows_of"]


def rows_of(table: TaskTable, *, fit_intercept: bool = True) -> TaskRows:
    """`OwnRows` where each row belongs to one task, else `SharedRows`.

    Parameters
    ----------
    table : TaskTable
    fit_intercept : bool, default True
    """
    given = table.labels, table.weights, table.task_weights
    if table.task is None:
        return SharedRows(table.X, *given, fit_intercept=fit_intercept)
    labels, *weights = given
    return OwnRows(table.X, labels, table.task, *weights, fit_intercept=fit_intercept)
