from __future__ import annotations

import polars as pl

__all__ = ["category_labels", "n_distinct"]


def category_labels(series: pl.Series, *, numbers: bool = False) -> pl.Series:
    """Categories as text; a number is one category, however it is written.

    Parameters
    ----------
    series : polars.Series
    numbers : bool
        Whether text is read as numbers where possible.
    """
    if not (numbers or series.dtype.is_float()):
        return series.cast(pl.String)
    text = pl.col("cell").cast(pl.String).str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    amount = text.cast(pl.Float64, strict=False)
    rounded = amount.cast(pl.Int64, strict=False)
    label = (
        pl.when(whole.is_not_null())
        .then(whole.cast(pl.String))
        .when(rounded == amount)
        .then(rounded.cast(pl.String))
        .otherwise(text)
    )
    return series.to_frame("cell").select(label.alias("cell"))["cell"]


def n_distinct(series: pl.Series) -> int:
    """Number of distinct values that are not missing."""
    return series.n_unique() - (series.null_count() > 0)
