"""Target columns of numbers: reading them, and their mean and deviation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Shaped

from polytask.exceptions import DataError

__all__ = ["center_and_scale", "number_column", "observed_numbers"]


def number_column(
    column: str, values: Shaped[np.ndarray, " n"], kind: str
) -> Float64[np.ndarray, " n"]:
    """The column as float64, NaN where missing; false and true are 0 and 1.

    Parameters
    ----------
    column : str
        The column's name, for errors.
    values : array of shape (n,)
    kind : str
        The kind's name, for errors.

    Raises
    ------
    DataError
        If the column holds text or an infinite value.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import number_column
    >>> number_column("price", np.array([1, None, 2.5], dtype=object), "regression")
    array([1. , nan, 2.5])
    """
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        numbers = None
    text = values.dtype.kind not in "biuf" and any(isinstance(v, str) for v in values.tolist())
    if numbers is None or text:
        sentence = (
            f"The target column {column!r} of a {kind} holds text. "
            "Give numbers, or choose the kind binary or multiclass."
        )
        raise DataError(sentence)
    if np.isinf(numbers).any():
        sentence = (
            f"The target column {column!r} of a {kind} holds an infinite value. "
            "Replace it, or leave the cell empty if the value is unknown."
        )
        raise DataError(sentence)
    return numbers


def observed_numbers(
    owner: str, column: str, values: Shaped[np.ndarray, " n"], kind: str
) -> Float64[np.ndarray, " m"]:
    """The numbers of a column that are not missing.

    Parameters
    ----------
    owner : str
        The task's name, for errors.
    column, values, kind
        As in `number_column`.

    Raises
    ------
    DataError
        If there is none, or the column holds text or an infinite value.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import observed_numbers
    >>> observed_numbers("price", "price", np.array([1.0, np.nan]), "regression")
    array([1.])
    """
    numbers = number_column(column, values, kind)
    observed = numbers[~np.isnan(numbers)]
    if observed.size == 0:
        sentence = f"Task {owner!r}: column {column!r} has no observed value to learn from."
        raise DataError(sentence)
    return observed


def center_and_scale(observed: Float64[np.ndarray, " n"]) -> tuple[float, float]:
    """Mean and standard deviation, exactly alike in units that differ by a power of two.

    A constant column has the deviation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import center_and_scale
    >>> center_and_scale(np.array([1.0, 3.0]))
    (2.0, 1.0)
    """
    if observed.min() == observed.max():
        return float(observed[0]), 1.0
    _, power = np.frexp(np.abs(observed).max())
    scaled = np.ldexp(observed, -power)
    return float(np.ldexp(scaled.mean(), power)), float(np.ldexp(scaled.std(), power)) or 1.0
