"""Columns that a frame itself declares to be categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import narwhals as nw
import polars as pl

__all__ = ["categories_of"]


def categories_of(frame: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns that a frame stores as categories.

    Parameters
    ----------
    frame : anything that `to_polars` takes
        pandas' and polars' categories and pyarrow's dictionaries are categories.
    names : sequence of str
        Names of its columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from polytask.data.readers._declared import categories_of
    >>> categories_of(pd.DataFrame({"code": [3, 1, 3], "x": [1, 2, 3]}, dtype="category"), "cx")
    ('c', 'x')
    """
    stored = list(_are_categories(frame))
    return tuple(name for name, category in zip(names, stored, strict=False) if category)


def _are_categories(frame: Any) -> Iterator[bool]:
    """Whether each column is stored as categories; nothing for what holds none."""
    if isinstance(frame, Mapping):
        yield from map(_is_category, frame.values())
    elif nw.dependencies.is_pandas_dataframe(frame):  # names may be of any type, even twice
        yield from (_is_category(frame.iloc[:, index]) for index in range(frame.shape[1]))
    elif nw.dependencies.is_into_dataframe(frame) or isinstance(frame, pl.LazyFrame):
        schema = nw.from_native(frame).collect_schema()
        yield from (dtype in {nw.Categorical, nw.Enum} for dtype in schema.values())
    elif isinstance(frame, pl.Series) or nw.dependencies.is_pandas_series(frame):
        yield _is_category(frame)


def _is_category(values: Any) -> bool:
    dtype = getattr(values, "dtype", None)
    return isinstance(dtype, pl.Categorical | pl.Enum) or getattr(dtype, "name", "") == "category"
