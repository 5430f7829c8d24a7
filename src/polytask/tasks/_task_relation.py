"""Learned relations of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import first_names

__all__ = ["TaskRelation"]


@dataclass(frozen=True, eq=False)
class TaskRelation:
    """How tasks are related in one layer of a fitted model.

    Parameters
    ----------
    quantity : str
        What the values are: ``"covariance"``, ``"relations"``, ``"mixing"`` (the weights with which
        the towers of all tasks, in columns, enter those of a task, in rows), …
    tasks : tuple of str
        Names, in the order of both axes.
    values : array of shape (n_tasks, n_tasks, …)
        Further axes, such as the channels that are mixed by weights of their own, follow. Copied,
        and read-only.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import TaskRelation
    >>> relation = TaskRelation("covariance", ("a", "b"), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> relation
    TaskRelation('covariance', tasks: a, b)
    >>> relation.to_frame().rows()
    [('a', 1.0, 0.5), ('b', 0.5, 1.0)]
    """

    quantity: str
    tasks: tuple[str, ...]
    values: np.ndarray

    def __post_init__(self) -> None:
        values = np.array(self.values)  # an own copy: a network may go on training its memory
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def __repr__(self) -> str:
        return f"TaskRelation({self.quantity!r}, tasks: {first_names(self.tasks, 6)})"

    @property
    def matrix(self) -> np.ndarray:
        """The values as a matrix of tasks, means over further axes."""
        further = tuple(range(2, self.values.ndim))
        averaged: np.ndarray = self.values.mean(axis=further) if further else self.values
        return averaged

    def to_frame(self) -> pl.DataFrame:
        """The matrix as a table: a row per task, and a column per task after that of their names."""
        label = "task" if "task" not in self.tasks else "task_"
        columns: dict[str, Any] = dict(zip(self.tasks, self.matrix.T, strict=True))
        return pl.DataFrame({label: list(self.tasks), **columns})
