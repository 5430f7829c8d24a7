"""Which kind a column most likely is."""

from __future__ import annotations

import numpy as np

from polytask.exceptions import DataError
from polytask.tasks._binary import Binary
from polytask.tasks._classes import observed_classes
from polytask.tasks._kind import Kind
from polytask.tasks._multiclass import Multiclass
from polytask.tasks._regression import Regression

__all__ = ["infer_kind"]

_MOST_INTEGER_CLASSES = 20
_ROWS_A_CLASS = 5


def infer_kind(owner: str, column: str, values: np.ndarray, *, integer: bool) -> tuple[Kind, str]:
    """Return the likely kind of a target column and the reason in words.

    Parameters
    ----------
    owner : str
        The task's name, for errors.
    column : str
        The column's name, for errors.
    values : array of shape (n,)
        Float64 with NaN, or objects with None.
    integer : bool
        Whether the column was stored as integers.

    Raises
    ------
    DataError
        If nothing is observed, or text looks like free text rather than classes.
    """
    found, _ = observed_classes(owner, column, values)
    n_rows = len(values)
    if len(found) <= 2:
        return Binary(), f"{len(found)} distinct values"
    if values.dtype == object:
        if len(found) * 2 > n_rows:
            sentence = (
                f"Task {owner!r}: column {column!r} holds {len(found)} distinct texts in "
                f"{n_rows} rows, which are no classes. Choose another target."
            )
            raise DataError(sentence)
        return Multiclass(), f"{len(found)} distinct texts"
    if integer and len(found) <= _MOST_INTEGER_CLASSES and len(found) * _ROWS_A_CLASS <= n_rows:
        return Multiclass(), f"{len(found)} distinct whole numbers"
    return Regression(), "numbers"
