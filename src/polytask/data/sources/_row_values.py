"""Row values from a column's name or an array, and groups as codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count
from polytask._validation import message
from polytask.data.cells import plain_text
from polytask.data.names import about_source, require_columns
from polytask.exceptions import DataError, ParameterError

__all__ = ["column_or_values", "common_group_codes", "row_groups"]


def row_groups(table: pl.DataFrame, group: Any) -> np.ndarray | None:
    """Groups as codes in sorted order, int64."""
    if group is None:
        return None
    return group_codes(column_or_values(table, group, "group"))


def group_codes(series: pl.Series) -> np.ndarray:
    """Codes of a column's values in sorted order, int64; raise for missing values."""
    missing = series.null_count()
    if missing:
        sentence = (
            f"Every row must have a group. Column {series.name!r} is missing in {count(missing, 'row')}, "
            f"first in row {series.is_null().arg_max()}."
        )
        raise DataError(sentence)
    return plain_text(series).rank("dense").cast(pl.Int64).to_numpy() - 1


def common_group_codes(
    columns: Mapping[str, pl.Series], *, alone: bool = False
) -> dict[str, np.ndarray]:
    """Codes of the groups of several sources, by source, equal for equal groups.

    A lone source is not named in errors.
    """
    if not columns:
        return {}
    tables = [plain_text(series).rename("group").to_frame() for series in columns.values()]
    for source, series in columns.items():
        with about_source(source, alone=alone):
            group_codes(series)  # raises if a row has none
    try:
        together = pl.concat(tables, how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        sentence = (
            f"Column {next(iter(columns.values())).name!r} must name groups alike in all sources. "
            f"Got the types {', '.join(str(series.dtype) for series in columns.values())}."
        )
        raise DataError(sentence) from error
    ends = np.cumsum([table.height for table in tables])[:-1]
    return dict(zip(columns, np.split(group_codes(together["group"]), ends), strict=True))


def column_or_values(table: pl.DataFrame, given: Any, what: str) -> pl.Series:
    """The column of a name, or given values as a column."""
    if isinstance(given, str):
        require_columns(table.columns, [given], f"The {what} column")
        return table[given]
    try:
        series = pl.Series(what, given)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise ParameterError(_unusable(what, given)) from error
    if series.dtype.is_nested() or series.dtype == pl.Object:
        raise ParameterError(_unusable(what, given))
    if len(series) != table.height:
        sentence = (
            f"The `{what}` parameter must have one value per row. "
            f"Got {count(len(series), 'value')} for {count(table.height, 'row')}."
        )
        raise DataError(sentence)
    return series.fill_nan(None) if series.dtype.is_float() else series


def _unusable(what: str, given: Any) -> str:
    expected = "a column's name, or values of one type, one per row"
    return message("the data set", what, expected, given)
