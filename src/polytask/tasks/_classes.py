"""Class labels of a column, and their codes."""

from __future__ import annotations

import numpy as np

from polytask.exceptions import DataError
from polytask.tasks._fitted_target import Label

__all__ = ["codes", "observed_classes"]


def observed_classes(owner: str, column: str, values: np.ndarray) -> tuple[tuple[Label, ...], np.ndarray]:
    """Return the sorted classes of a column and how often each occurs."""
    observed = values[~_missing(values)]
    if observed.size == 0:
        sentence = f"Task {owner!r}: column {column!r} has no observed label to learn from."
        raise DataError(sentence)
    if observed.dtype == object:
        try:
            found, counts = np.unique(observed, return_counts=True)
        except TypeError as error:
            sentence = f"Task {owner!r}: column {column!r} mixes labels of several types."
            raise DataError(sentence) from error
        return tuple(value.item() if isinstance(value, np.generic) else value for value in found), counts
    found, counts = np.unique(observed, return_counts=True)
    return tuple(int(value) if float(value).is_integer() else float(value) for value in found), counts


def codes(values: np.ndarray, classes: tuple[Label, ...]) -> np.ndarray:
    """Positions of `values` in `classes`, float64; NaN where missing or unknown."""
    result = np.full(len(values), np.nan)
    if values.dtype == object:
        position = {(type(label), label): code for code, label in enumerate(classes)}
        for row, value in enumerate(values):
            code = position.get((type(value), value))
            if code is not None:
                result[row] = code
        return result
    for code, label in enumerate(classes):
        if not isinstance(label, str):
            result[values == float(label)] = code
    return result


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype == object:
        return np.array([value is None or value != value for value in values], dtype=bool)  # noqa: PLR0124 - NaN
    return np.isnan(values.astype(np.float64))
