"""Choice and checks of a table's input columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import polars as pl

from polytask.data.cells import check_dates, family, no_infinity
from polytask.data.columns import unusable
from polytask.data.names import column_names, require_columns
from polytask.exceptions import DataError

__all__ = ["choose_inputs"]


def choose_inputs(
    table: pl.DataFrame,
    features: str | Iterable[str] | None,
    drop: str | Iterable[str],
    taken: Collection[str],
) -> pl.DataFrame:
    """Select the input columns: those in `features`, or all without another role.

    Parameters
    ----------
    table : polars.DataFrame
    features : iterable of str, optional
        The inputs by name.
    drop : iterable of str
        Columns that are no inputs.
    taken : collection of str
        Targets, weights, groups and the column that names tasks, which are no inputs.
    """
    if table.height == 0:
        sentence = "The table has no rows."
        raise DataError(sentence)
    dropped = column_names("drop", drop)
    require_columns(table.columns, dropped, "The dropped column")
    if features is None:
        chosen = [name for name in table.columns if name not in {*taken, *dropped}]
    else:
        chosen = list(dict.fromkeys(column_names("features", features)))
        require_columns(table.columns, chosen, "The feature")
        _check_free(chosen, taken, "a target, weight, group or task column")
        _check_free(chosen, dropped, "dropped")
    inputs = table.select(chosen)
    if not any(series.null_count() < len(series) for series in inputs.iter_columns()):
        sentence = f"No input column is left that holds a value. Got the inputs {chosen}."
        raise DataError(sentence)
    for series in inputs.iter_columns():
        if family(series) in {None, "empty lists"}:
            raise DataError(unusable(series))
        no_infinity(series)
        check_dates(series)
    return inputs


def _check_free(chosen: Iterable[str], others: Collection[str], what: str) -> None:
    for name in chosen:
        if name in others:
            sentence = f"Column {name!r} is listed as a feature, but it is {what} too. Choose one."
            raise DataError(sentence)
