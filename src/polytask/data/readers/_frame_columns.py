"""Columns and arrays as a polars frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count
from polytask._validation import message
from polytask.data.readers._series import as_series
from polytask.exceptions import DataError, ParameterError

__all__ = ["array_columns", "from_columns", "no_duplicates", "no_patterns"]


def from_columns(columns: Mapping[str, Any], names: Sequence[object]) -> pl.DataFrame:
    """Columns of one length, by names of which none stands twice."""
    no_duplicates([str(name) for name in names])
    no_patterns(map(str, names))
    series = [as_series(name, values) for name, values in columns.items()]
    lengths = {column.name: len(column) for column in series}
    if len(set(lengths.values())) > 1:
        sentence = f"The columns of a table must have one length. Got {lengths} instead."
        raise DataError(sentence)
    return pl.DataFrame(series)


def array_columns(array: np.ndarray, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Columns ``x0`` … of a table (n, d), or one column ``x`` of tensors (n, d₁, d₂, …)."""
    if array.ndim == 0:
        raise ParameterError(message("to_polars", "frame", "an array with a row axis", array))
    if array.dtype.names is not None:
        fields = array.dtype.names
        return from_columns({name: array[name] for name in fields}, fields)
    if array.ndim > 2:
        return pl.DataFrame([as_series(names[0] if names else "x", array)])
    table = array[:, None] if array.ndim == 1 else array
    names = [f"x{column}" for column in range(table.shape[1])] if names is None else list(names)
    if len(names) != table.shape[1]:
        sentence = f"The `names` parameter must name {count(table.shape[1], 'column')}. Got {len(names)} instead."
        raise ParameterError(sentence)
    no_duplicates(names)
    return pl.DataFrame([as_series(name, table[:, column]) for column, name in enumerate(names)])


def no_patterns(names: Iterable[str]) -> None:
    """Raise if a name is a pattern of names: ``*``, or one that begins with ^ and ends with $."""
    for name in names:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            sentence = (
                f"A column is called {name!r}, which means all columns of such names. Rename it."
            )
            raise DataError(sentence)


def no_duplicates(names: Sequence[str]) -> None:
    """Raise if two columns carry one name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        shown = ", ".join(repr(name) for name in repeated[:5])
        sentence = (
            f"The table has several columns of one name: {shown}. Rename or remove all but one."
        )
        raise DataError(sentence)
