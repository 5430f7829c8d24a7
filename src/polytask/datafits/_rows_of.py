"""Rows of tasks from what an estimator learns from."""

from __future__ import annotations

from polytask._estimator import TaskTable
from polytask.datafits._own_rows import OwnRows
from polytask.datafits._shared_rows import SharedRows
from polytask.datafits._task_rows import TaskRows

__all__ = ["rows_of"]


def rows_of(table: TaskTable, *, fit_intercept: bool = True) -> TaskRows:
    """`OwnRows` where each row belongs to one task, else `SharedRows`.

    Parameters
    ----------
    table : TaskTable
    fit_intercept : bool, default True
    """
    if table.task is None:
        return SharedRows(table.X, table.labels, table.weights, fit_intercept=fit_intercept)
    return OwnRows(table.X, table.labels, table.task, table.weights, fit_intercept=fit_intercept)
