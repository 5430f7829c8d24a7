"""Columns of scores that stand for the same class in several tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int

__all__ = ["classes_of_columns"]


def classes_of_columns(
    columns: Int[np.ndarray, "tasks classes"], classes: Any
) -> Int[np.ndarray, " columns"]:
    """Numbers from 0 of the classes that columns of scores stand for.

    Columns of tasks of two classes have the number 0. Where tasks have different classes, a column of a task
    of more than two has a number of its own.

    Parameters
    ----------
    columns : array of shape (n_tasks, n_classes), int
        Columns of scores, -1 where a task has none.
    classes : array, or list of arrays
        The classes of all tasks, or those of each.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._classes_of_columns import classes_of_columns
    >>> classes_of_columns(np.array([[0, 1, 2], [3, -1, 4]]), np.arange(3))
    array([0, 1, 2, 0, 2])
    """
    numbers = np.zeros(int(columns.max()) + 1, dtype=int)
    if not isinstance(classes, list):
        for number, own in enumerate(columns.T):
            numbers[own[own >= 0]] = number
        return numbers
    several = columns[(columns >= 0).sum(axis=1) > 1]
    apart = np.zeros(len(numbers), dtype=bool)
    apart[several[several >= 0]] = True
    numbers[apart] = np.arange(apart.sum()) + int((~apart).any())
    return numbers
