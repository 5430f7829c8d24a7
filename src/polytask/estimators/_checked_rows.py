"""Checks of labels and weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from polytask._validation import describe
from polytask.exceptions import DataError

__all__ = [
    "checked",
    "checked_labels",
    "checked_size",
    "checked_task_weights",
    "checked_weights",
    "missing",
    "plain",
]


_LEAST_WEIGHT = 1e-100
_LARGEST = 1e150
"""Beyond which squares are infinite."""


@contextmanager
def checked(owner: str) -> Iterator[None]:
    """scikit-learn's complaints about values as a `DataError`."""
    try:
        yield
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{owner} cannot read its arguments: {error}") from error


def checked_labels(
    owner: str, y: Any, n_rows: int, *, classes: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Labels as an array, and the names of their columns.

    Raises
    ------
    DataError
        If they are missing, of another length, infinite, or no numbers where numbers are learned.
    """
    if y is None:
        sentence = f"{owner} requires y to be passed, but the target y is None. Give the labels."
        raise DataError(sentence)
    columns = getattr(y, "columns", None)
    names = None if columns is None else np.array([str(name) for name in columns])
    labels = _array(owner, y, classes=classes)
    if labels.ndim not in (1, 2) or (labels.ndim == 2 and labels.shape[1] == 0):
        shape = labels.shape
        sentence = (
            f"The `y` parameter of {owner} must have the shape (n_rows,) or (n_rows, n_tasks). Got "
            f"{shape} instead."
        )
        raise DataError(sentence)
    if len(labels) != n_rows:
        sentence = (
            f"The `y` parameter of {owner} must have as many rows as X: found input variables with "
            f"inconsistent numbers of samples, [{n_rows}, {len(labels)}]."
        )
        raise DataError(sentence)
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise DataError(f"The `y` parameter of {owner} must be finite. Input y contains infinity.")
    if not classes:
        checked_size(owner, "y", labels)
    return labels, names


def checked_size(owner: str, parameter: str, values: Any) -> None:
    """Raise for numbers so large that their squares are infinite; `values` are an array or sparse.

    Raises
    ------
    DataError
    """
    numbers = values.data if sparse.issparse(values) else values
    high = np.fmax.reduce(numbers, axis=None, initial=0.0)
    largest = max(high, -np.fmin.reduce(numbers, axis=None, initial=0.0))
    if largest > _LARGEST:
        sentence = (
            f"The `{parameter}` parameter of {owner} must be numbers up to {_LARGEST:g}, whose squares are finite. Got "
            f"{largest:.3g}: give it in other units."
        )
        raise DataError(sentence)


def _array(owner: str, y: Any, *, classes: bool) -> np.ndarray:
    with checked(owner):
        labels: np.ndarray = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if labels.dtype.kind == "O":
        labels = _of_one_kind(labels, missing(labels))
    if labels.dtype.kind == "c":
        raise DataError(f"The `y` parameter of {owner} must be real. Complex data not supported.")
    if classes:
        return labels
    try:
        numbers: np.ndarray = labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        sentence = (
            f"The `y` parameter of {owner} must be numbers. Got {labels.dtype} instead: {error}. "
            "Classes are learned by a classifier."
        )
        raise DataError(sentence) from error
    return numbers


def _of_one_kind(labels: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Objects as numbers where they are such, NaN where they are missing; else themselves, or None."""
    known = np.array(labels[~absent].tolist())
    if known.dtype.kind not in "biuf":
        named = labels.copy()
        named[absent] = None
        return named
    if not absent.any():
        return known.reshape(labels.shape)
    numbers = np.full(labels.shape, np.nan)
    numbers[~absent] = known
    return numbers


def checked_weights(
    owner: str, weights: Any, labels: np.ndarray, task: np.ndarray | None, *, partial: bool = False
) -> np.ndarray | None:
    """Weights of rows, of shape (n,) or of that of labels; None for ones.

    In `partial` rows a task may have none above 0.

    Raises
    ------
    DataError
        If they are of another shape, negative, not finite, or all 0 in a task.
    """
    if weights is None:
        return None
    try:
        values = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"The `sample_weight` parameter of {owner} must be numbers.") from error
    if values.ndim == 0:
        values = np.full(len(labels), float(values))
    expected = {labels.shape[:1], labels.shape}
    if values.shape not in expected or not np.isfinite(values).all() or (values < 0).any():
        shapes = " or ".join(map(str, sorted(expected, key=len)))
        sentence = (
            f"The `sample_weight` parameter of {owner} must be finite numbers from 0, of shape {shapes}. "
            f"Got the shape {values.shape}"
        )
        detail = " with other values." if values.shape in expected else "."
        raise DataError(sentence + detail)
    _check_range(owner, values)
    if not partial:
        _check_positive(owner, values, labels, task)
    return values


def _check_range(owner: str, weights: np.ndarray) -> None:
    """Raise for weights whose sums or quotients are no numbers of double precision."""
    above = weights[weights > 0]
    if len(above) and (above.min() < _LEAST_WEIGHT or above.max() > 1 / _LEAST_WEIGHT):
        sentence = (
            f"The `sample_weight` parameter of {owner} must be 0, or from {_LEAST_WEIGHT:g} to {1 / _LEAST_WEIGHT:g}. "
            f"Got from {above.min():.3g} to {above.max():.3g}: divide by their mean."
        )
        raise DataError(sentence)


def checked_task_weights(owner: str, weights: Any, n_tasks: int) -> np.ndarray | None:
    """Factors of the tasks' losses, (n_tasks,); None for ones.

    Raises
    ------
    DataError
        If there is not one above 0 for each task.
    """
    if weights is None:
        return None
    try:
        values = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (n_tasks,) or not np.isfinite(values).all() or (values <= 0).any():
        sentence = (
            f"The `task_weights` parameter of {owner} must be a number above 0 for each of the {n_tasks} "
            f"tasks. Got {describe(weights)} instead."
        )
        raise DataError(sentence)
    return values


def _check_positive(
    owner: str, weights: np.ndarray, labels: np.ndarray, task: np.ndarray | None
) -> None:
    """Raise unless every task has a labelled row whose weight is above 0."""
    if task is not None:
        totals = np.bincount(task, weights)
    elif labels.ndim == 1:
        totals = np.array([weights.sum()])
    else:
        spread = weights[:, None] if weights.ndim == 1 else weights
        totals = (spread * ~missing(labels)).sum(axis=0)
    if (totals == 0).any():
        position = int(np.flatnonzero(totals == 0)[0])
        sentence = (
            f"The `sample_weight` parameter of {owner} must be above 0 for a labelled row of each task. "
            f"All weights are zero in task {position}."
        )
        raise DataError(sentence)


def missing(labels: np.ndarray) -> np.ndarray:
    """Which labels are missing: NaN, None, NaT, or the NA of pandas."""
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype.kind in "mM":
        return np.isnat(labels)
    if labels.dtype.kind == "O":
        return np.asarray(_is_missing(labels), dtype=bool)
    return np.zeros(labels.shape, dtype=bool)


@partial(np.frompyfunc, nin=1, nout=1)
def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value  # noqa: PLR0124


def plain(value: Any) -> Any:
    """A number or a text of numpy as one of Python, for sentences."""
    return value.item() if isinstance(value, np.generic) else value
