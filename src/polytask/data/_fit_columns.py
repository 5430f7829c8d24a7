"""From a table's inputs to their encoders."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from polytask.data._boolean_column import BooleanColumn
from polytask.data._categorical_column import CategoricalColumn
from polytask.data._column import Column
from polytask.data._families import family
from polytask.data._nested import fault
from polytask.data._numeric_column import NumericColumn
from polytask.data._tensor_column import TensorColumn
from polytask.exceptions import DataError

__all__ = ["ENCODERS", "fit_columns"]

ENCODERS = (NumericColumn, BooleanColumn, CategoricalColumn, TensorColumn)
"""Every encoder, for reading saved schemas."""

_SERVES: Mapping[str, type[Column]] = {
    "numbers": NumericColumn,
    "dates": NumericColumn,
    "booleans": BooleanColumn,
    "text": CategoricalColumn,
    "tensors": TensorColumn,
}


def fit_columns(inputs: pl.DataFrame) -> tuple[Column, ...]:
    """One fitted encoder a column, by what the column holds; empty columns are left out."""
    fitted: list[Column] = []
    for series in inputs.iter_columns():
        if series.null_count() == len(series):
            continue
        holds = family(series)
        if holds is None or holds == "nothing":
            raise DataError(unusable(series))
        fitted.append(_SERVES[holds].fit(series))
    if not fitted:
        sentence = f"No input column holds a value in the training rows. Got {inputs.columns}."
        raise DataError(sentence)
    return tuple(fitted)


def unusable(series: pl.Series) -> str:
    """Words for an input column that no encoder takes."""
    why, dropped = fault(series), f"drop={series.name!r}"
    if series.dtype == pl.Object and why:
        return f"{why} Or leave the column out ({dropped})."
    sentence = (
        f"Column {series.name!r} has the type {series.dtype}, which cannot be an input. "
        f"Drop it ({dropped}), or give numbers, text, booleans, dates or fixed-shape arrays."
    )
    return f"{sentence} {why}".rstrip()
