"""A column of pandas as a polars series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from polytask._reason import reason
from polytask.data.readers._object_cells import object_cells
from polytask.data.readers._plain_arrays import as_array
from polytask.exceptions import DataError, MissingDependencyError

__all__ = ["is_pandas", "pandas_column"]

_OF_PANDAS_ALONE = ("IntervalDtype", "PeriodDtype")


def is_pandas(values: Any) -> bool:
    """Whether it is a series, an index or an array of pandas' own."""
    if nw.dependencies.is_pandas_series(values) or nw.dependencies.is_pandas_index(values):
        return True
    pandas = nw.dependencies.get_pandas()
    return pandas is not None and isinstance(values, pandas.api.extensions.ExtensionArray)


def pandas_column(
    name: str, values: Any, array_series: Callable[[str, np.ndarray], pl.Series]
) -> pl.Series:
    """A series, index or array of pandas; sparse ones with their zeros, intervals as text.

    Categories in an order are an `polars.Enum`, in that order.

    Parameters
    ----------
    name : str
    values : pandas Series, Index or ExtensionArray
    array_series : callable
        Converts numpy arrays.

    Raises
    ------
    DataError
        If it holds what no column can.
    """
    pandas = nw.dependencies.get_pandas()
    series = values if isinstance(values, pandas.Series) else pandas.Series(values)
    dtype = series.dtype
    if isinstance(dtype, pandas.SparseDtype):
        series = series.sparse.to_dense()
        dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        series = _with_plain_categories(series)
    elif isinstance(dtype, pandas.PeriodDtype):
        series = series.dt.to_timestamp()
    if isinstance(dtype, pandas.IntervalDtype):
        return object_cells(name, series.tolist())
    if isinstance(series.dtype, np.dtype):
        return array_series(name, as_array(series.to_numpy()))
    try:
        column = nw.from_native(series, series_only=True).to_polars().rename(name)
        return _in_order(column, series.dtype)
    except ImportError as error:
        sentence = f"{reason(error, named=False)}. Install it with: pip install 'polytask[frames]'"
        raise MissingDependencyError(sentence) from error
    except (TypeError, ValueError, NotImplementedError) as error:  # of pyarrow
        raise DataError(f"Column {name!r} cannot be read: {reason(error, named=False)}.") from error


def _in_order(column: pl.Series, dtype: Any) -> pl.Series:
    """A column of texts that are categories in an order, with it."""
    texts = isinstance(column.dtype, pl.Categorical | pl.String)
    if not texts or not getattr(dtype, "ordered", False):
        return column
    return column.cast(pl.Enum([str(category) for category in dtype.categories]))


def _text(category: object) -> str:
    return category.decode(errors="replace") if isinstance(category, bytes) else str(category)


def _with_plain_categories(series: Any) -> Any:
    """Categories that are neither text nor numbers nor dates, as text."""
    categories = series.cat.categories
    mixed = categories.dtype == object and not all(
        isinstance(category, str) for category in categories
    )
    mixed |= series.cat.ordered and not categories.is_monotonic_increasing
    if not mixed and type(categories.dtype).__name__ not in _OF_PANDAS_ALONE:
        return series
    texts = [_text(category) for category in categories]
    if len(set(texts)) < len(texts):  # such as 1 and "1", which is refused as mixed
        return series.astype(object)
    return series.cat.rename_categories(texts)
