"""Means of measures over tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from polytask.estimators._checked_rows import missing

__all__ = ["mean_over_tasks"]


def mean_over_tasks(
    measure: Callable[..., float],
    labels: np.ndarray,
    predicted: np.ndarray,
    task: np.ndarray | None,
    weights: Any,
) -> float:
    """The mean over tasks of a measure of labels and predictions, on labelled rows.

    Parameters
    ----------
    measure : callable
        Of labels, predictions and ``sample_weight``.
    labels, predicted : array of shape (n,) or (n, n_tasks)
    task : array of shape (n,), int, or None
    weights : array of shape (n,) or (n, n_tasks), optional

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import accuracy_score
    >>> from polytask.estimators._mean_over_tasks import mean_over_tasks
    >>> truth = np.array([[0.0, 1.0], [1.0, np.nan]])
    >>> mean_over_tasks(accuracy_score, truth, np.ones((2, 2)), None, None)
    0.75
    """
    given = None if weights is None else np.asarray(weights, dtype=float)
    selections: list[tuple[np.ndarray, Any]]
    if task is not None:
        selections = [(task == each, ...) for each in np.unique(task)]
    elif labels.ndim == 1:
        selections = [(~missing(labels), ...)]
    else:
        selections = [(~missing(labels[:, k]), k) for k in range(labels.shape[1])]
    found = []
    for rows, column in selections:
        wide = given is not None and given.ndim == 2
        own = None if given is None else (given[rows, column] if wide else given[rows])
        truth = labels[rows, column].astype(predicted.dtype)
        found.append(measure(truth, predicted[rows, column], sample_weight=own))
    return float(np.mean(found))
