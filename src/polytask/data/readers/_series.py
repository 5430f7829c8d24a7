"""One column of a table, whatever holds it, as a polars series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

import numpy as np
import polars as pl

from polytask._validation import describe
from polytask.data.readers._object_arrays import kept_where
from polytask.data.readers._object_cells import object_cells
from polytask.data.readers._pandas_column import is_pandas, pandas_column
from polytask.data.readers._plain_arrays import as_array, is_sparse, is_tensor
from polytask.exceptions import DataError

__all__ = ["array_series", "as_series"]

_UNITS = {"M": ("D", "ms", "us", "ns"), "m": ("ms", "us", "ns")}
"""Resolutions of dates and durations that polars knows."""


def as_series(name: str, values: Any) -> pl.Series:
    """A column as a series. What no column can hold stays as objects, and is refused where used.

    Parameters
    ----------
    name : str
    values : series, array, tensor, sparse column or iterable of cells

    Raises
    ------
    DataError
        If it is a single value.
    """
    if not _has_rows(values):
        sentence = (
            f"Column {name!r} must be a sequence of values, one per row. "
            f"Got {describe(values)} instead; for a single row write [{describe(values)}]."
        )
        raise DataError(sentence)
    if hasattr(values, "to_pylist"):  # of pyarrow
        values = values.to_pylist()
    if not isinstance(values, pl.Series | Sequence) and not (
        _is_array(values) or is_pandas(values)
    ):
        values = list(values)
    try:
        return _converted(name, values)
    except DataError:
        return _kept(name, _cells(as_array(values)) if _is_array(values) else list(values))


def _kept(name: str, cells: list[Any]) -> pl.Series:
    """Cells that nothing can be made of: lists as such, others as objects."""
    if all(cell is None or isinstance(cell, list) for cell in cells):
        with suppress(TypeError, ValueError, pl.exceptions.PolarsError):
            return pl.Series(name, cells)
    return pl.Series(name, cells, dtype=pl.Object)


def _has_rows(values: Any) -> bool:
    """Whether it is one value per row, in an order."""
    if _is_array(values):
        return len(values.shape) > 0
    if isinstance(values, str | bytes | Mapping | AbstractSet) or hasattr(values, "columns"):
        return False
    return isinstance(values, pl.Series | Iterable)


def _is_array(values: Any) -> bool:
    return isinstance(values, np.ndarray) or is_tensor(type(values)) or is_sparse(values)


def _converted(name: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.rename(name)
    if is_pandas(values):
        return pandas_column(name, values, array_series)
    if _is_array(values):
        return array_series(name, as_array(values))
    return object_cells(name, values)


def array_series(name: str, array: np.ndarray) -> pl.Series:
    """The rows of a numpy array: numbers, text, times, or tensors where it has several axes.

    Raises
    ------
    DataError
        If it holds what no column can.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if isinstance(array, np.ma.MaskedArray):
        return _masked(name, array)
    kind = array.dtype.kind
    if kind in "OTcV":
        return object_cells(name, _cells(array))
    if kind == "S":
        return pl.Series(name, array.tolist(), dtype=pl.Binary)
    if kind in _UNITS and np.datetime_data(array.dtype)[0] not in _UNITS[kind]:
        array = array.astype(f"{kind}8[us]")
    return pl.Series(name, np.ascontiguousarray(array) if array.ndim > 1 else array)


def _cells(array: np.ndarray) -> list[Any]:
    """Python objects, one per row; arrays where the array has several axes."""
    return list(array) if array.ndim > 1 or array.dtype.kind == "V" else array.tolist()


def _masked(name: str, array: Any) -> pl.Series:
    """Masked cells are missing."""
    if array.ndim > 1:
        return array_series(name, np.asarray(array.astype(np.float64).filled(np.nan)))
    return kept_where(array_series(name, np.asarray(array.data)), ~np.ma.getmaskarray(array))
