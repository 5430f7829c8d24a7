"""Decimals that a float would change, as whole numbers."""

from __future__ import annotations

from typing import Any

import polars as pl

from polytask.data.readers._object_kinds import EXACT

__all__ = ["whole_decimals"]


def whole_decimals(table: pl.DataFrame) -> pl.DataFrame:
    """The table with decimals as whole numbers where all are, and some too large for a float.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.readers._whole_decimals import whole_decimals
    >>> table = pl.DataFrame({"a": ["1", "9007199254740993"], "b": ["1", "2.5"]})
    >>> whole_decimals(table.cast(pl.Decimal(20, 1))).dtypes
    [Int128, Decimal(precision=20, scale=1)]
    """
    large = [series for series in table.iter_columns() if _are_large_and_whole(series)]
    return table.with_columns(series.cast(pl.Int128) for series in large) if large else table


def _are_large_and_whole(series: pl.Series) -> bool:
    if not series.dtype.is_decimal():
        return False
    low, high = _ends(series)
    large = low is not None and max(-low, high) > EXACT
    return large and bool((series.cast(pl.Int128).cast(series.dtype) == series).all())


def _ends(series: pl.Series) -> tuple[Any, Any]:
    return series.min(), series.max()
