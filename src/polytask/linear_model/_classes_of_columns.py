"""Columns of scores that stand for the same class in several tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int

__all__ = ["classes_of_columns"]


def classes_of_columns(model: Any) -> Int[np.ndarray, " columns"]:
    """Numbers from 0 of the classes that columns of scores stand for.

    Those of numbers and of two classes have the number 0. Where tasks have different classes, a column of a task
    of more than two has a number of its own.

    Parameters
    ----------
    model : MultiTaskEstimator
        Which knows the tasks of the rows, and their classes.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import L21Classifier
    >>> from polytask.linear_model._classes_of_columns import classes_of_columns
    >>> tasks = np.repeat(["four", "three"], [4, 3])
    >>> model = L21Classifier().fit(np.eye(7), [1, 2, 3, 4, 2, 3, 4], tasks=tasks)
    >>> classes_of_columns(model)
    array([0, 1, 2, 3, 1, 2, 3])
    """
    if not model.learns_classes:
        return np.zeros(model.n_tasks_, dtype=int)
    task, numbers = np.nonzero(model._columns >= 0)  # noqa: SLF001
    if isinstance(model.classes_, list):
        apart = (np.bincount(task) > 1)[task]
        numbers[apart] = np.arange(apart.sum()) + int((~apart).any())
    return numbers
