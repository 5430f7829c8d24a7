"""Windows of time series: a row per moment, with the past as input and the steps ahead as targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from polytask._naming import suggestion
from polytask._validation import Interval, check
from polytask.data.readers._to_polars import to_polars
from polytask.exceptions import DataError

__all__ = ["windows"]


def windows(
    table: Any,
    series: Sequence[str],
    *,
    lags: int,
    horizon: int = 1,
    every: int = 1,
    part: str | None = None,
    keep: Sequence[str] = (),
    centered: bool = False,
) -> pl.DataFrame:
    """Make a row of every moment of time series: their last values, and those to be forecast.

    Parameters
    ----------
    table : frame
        A row per step of time, in order and without gaps.
    series : sequence of str
        Columns of numbers.
    lags : int
        Steps of the past in a window.
    horizon : int, default 1
        Steps ahead.
    every : int, default 1
        Steps between two windows.
    part : str, optional
        A column such as the name of a split or of a place. A window lies within a run of rows with
        one value, its past and its steps ahead alike: it never reaches into another part. Rows
        without a value are in no window.
    keep : sequence of str, default ()
        Further columns, with their values at the last step of the past.

    centered : bool, default False
        Whether values are measured from the mean of the window's past, which is then in the column
        ``NAME_level``: add it to forecasts, and leave it out of the inputs where levels to come
        are unlike those of the training rows.

    Returns
    -------
    polars.DataFrame
        Columns `keep` and `part`, a tensor column ``past`` of shape (lags, number of series), and
        for each series ``NAME_1`` to ``NAME_horizon``. Windows with a missing value are
        left out.

    Raises
    ------
    DataError
        If a column is missing or no numbers, or no window fits.

    Examples
    --------
    >>> from polytask.data import windows
    >>> table = {"load": [1.0, 2, 3, 4, 5, 6], "split": ["train"] * 4 + ["test"] * 2}
    >>> rows = windows(table, ["load"], lags=2, part="split")
    >>> rows.columns
    ['split', 'past', 'load_1']
    >>> rows["load_1"].to_list(), rows["split"].to_list()
    ([3.0, 4.0], ['train', 'train'])
    """
    for name, value in {"lags": lags, "horizon": horizon, "every": every}.items():
        check("windows", name, value, Interval(int, 1))
    frame = to_polars(table)
    kept = list(dict.fromkeys([*keep, *([] if part is None else [part])]))
    _check_columns(frame, series, kept)
    values = frame.select(pl.col(series).cast(pl.Float64)).to_numpy()
    length = lags + horizon
    starts = np.arange(0, max(len(values) - length + 1, 0), every)
    starts = starts[_within_runs(frame, part, starts, length)]
    cells = values[starts[:, None] + np.arange(length)]
    whole = np.isfinite(cells).all(axis=(1, 2))
    starts, cells = starts[whole], cells[whole]
    if not len(starts):
        within = "" if part is None else f" with one value of {part!r}"
        sentence = (
            f"No window of {lags} + {horizon} steps fits in the {len(values)} rows of the table: "
            f"none holds so many rows in a row{within} and without a missing value. Lower `lags` or "
            "`horizon`."
        )
        raise DataError(sentence)
    levels = {}
    if centered:
        means = cells[:, :lags].mean(axis=1)
        cells = cells - means[:, None]
        levels = {f"{name}_level": means[:, number] for number, name in enumerate(series)}
    ahead = {
        f"{name}_{step + 1}": cells[:, lags + step, number]
        for number, name in enumerate(series)
        for step in range(horizon)
    }
    return (
        frame[starts + lags - 1].select(kept).with_columns(past=cells[:, :lags], **levels, **ahead)
    )


def _check_columns(frame: pl.DataFrame, series: Sequence[str], kept: Sequence[str]) -> None:
    for name in (*series, *kept):
        if name not in frame.columns:
            sentence = f"windows: there is no column {name!r}. {suggestion(name, frame.columns)}"
            raise DataError(sentence)
    for name in series:
        if not frame[name].dtype.is_numeric():
            sentence = (
                f"windows: the series {name!r} must be a column of numbers. Got {frame[name].dtype} "
                "instead."
            )
            raise DataError(sentence)


def _within_runs(
    frame: pl.DataFrame, part: str | None, starts: np.ndarray, length: int
) -> np.ndarray:
    """Whether the first and the last row of each window are in one run of equal values."""
    if part is None:
        return np.ones(len(starts), dtype=bool)
    runs = frame[part].rle_id().to_numpy()
    named = frame[part].is_not_null().to_numpy()
    return (runs[starts] == runs[starts + length - 1]) & named[starts]
