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
    weights: np.ndarray | None,
) -> float:
    """The mean of a measure of labels and predictions over the tasks that have labelled rows.

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
    selections: list[tuple[np.ndarray, Any]]
    if task is not None:
        selections = [(task == each, ...) for each in np.unique(task)]
    elif labels.ndim == 1:
        selections = [(~missing(labels), ...)]
    else:
        selections = [(~missing(labels[:, k]), k) for k in range(labels.shape[1])]
    values = []
    for rows, column in selections:
        if not rows.any():
            continue
        wide = weights is not None and weights.ndim == 2
        own = None if weights is None else (weights[rows, column] if wide else weights[rows])
        truth = labels[rows, column].astype(predicted.dtype)
        values.append(measure(truth, predicted[rows, column], sample_weight=own))
    return float(np.mean(values))
