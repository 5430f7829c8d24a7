"""Windows of time series: a row per moment, with the past as input and the steps ahead as targets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count, first_and_more
from polytask._naming import suggestion
from polytask._validation import Interval, OneOf, Optional, Satisfies, check
from polytask.data.cells import no_infinity
from polytask.data.readers._to_polars import to_polars
from polytask.data.readers._window_times import InOrder, check_order, in_order
from polytask.exceptions import DataError

__all__ = ["windows"]

_LONGEST = OneOf(
    (
        Interval(float, 0.0, closed="neither"),
        Satisfies(
            lambda value: isinstance(value, timedelta) and value > timedelta(0),
            "a timedelta above 0",
        ),
    )
)


def windows(
    table: Any,
    series: str | Sequence[str],
    *,
    lags: int,
    horizon: int = 1,
    every: int = 1,
    part: str | None = None,
    time: str | None = None,
    longest_step: float | timedelta | None = None,
    keep: str | Sequence[str] = (),
    centered: bool = False,
) -> pl.DataFrame:
    """Make a row of every moment of time series: their last values, and those to be forecast.

    Parameters
    ----------
    table : frame
        A row per step of time. Without `time` the rows must be in order and without gaps, which is
        checked if exactly one other column holds dates.
    series : str or sequence of str
        Columns of numbers.
    lags : int
        Steps of the past in a window.
    horizon : int, default 1
        Steps ahead. With 0 rows hold the past alone, up to the last step of the table: the last one
        (of a part) is what a fitted model forecasts the steps after the table from.
    every : int, default 1
        Steps between two windows.
    part : str, optional
        A column such as the name of a split or of a place. A window lies within a run of rows with
        one value, its past and its steps ahead alike: it never reaches into another part. Rows
        without a value are in no window.
    time : str, optional
        A column of dates, times or numbers. Windows then follow it: the rows of each part are
        sorted by it, so that series of several places may alternate, and a window holds no longer
        step than `longest_step`. Rows without a time are in no window.
    longest_step : float or timedelta, optional
        The longest difference of two times that is one step; longer ones are gaps. By default 1.5
        times the median difference, so that weekends are gaps of days.
    keep : str or sequence of str, default ()
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
        If a column is missing, no numbers or infinite somewhere, dates fall from row to row, two
        rows of a part have the same time, or no window fits.

    Warns
    -----
    UserWarning
        If no window lies in some of the parts; without `time`, if rows share a date, or dates have
        gaps.

    Examples
    --------
    >>> from polytask.data import windows
    >>> table = {"load": [1.0, 2, 3, 4, 5, 6, 7], "split": ["train"] * 4 + ["test"] * 3}
    >>> rows = windows(table, ["load"], lags=2, part="split")
    >>> rows.columns
    ['split', 'past', 'load_1']
    >>> rows["load_1"].to_list(), rows["split"].to_list()
    ([3.0, 4.0, 7.0], ['train', 'train', 'test'])
    """
    for name, value, least in (("lags", lags, 1), ("horizon", horizon, 0), ("every", every, 1)):
        check("windows", name, value, Interval(int, least))
    check("windows", "longest_step", longest_step, Optional(_LONGEST))
    frame = to_polars(table)
    series = [series] if isinstance(series, str) else list(dict.fromkeys(series))
    keep = [keep] if isinstance(keep, str) else keep
    kept = list(dict.fromkeys([*keep, *([] if part is None else [part])]))
    _check_columns(frame, series, [*kept, *([] if time is None else [time])])
    if time is None:
        check_order(frame, series, part)
        ordered = InOrder(frame, np.zeros(frame.height, dtype=bool))
    else:
        ordered = in_order(frame, time, part, longest_step)
    frame = ordered.frame
    values = frame.select(pl.col(series).cast(pl.Float64)).to_numpy()
    length = lags + horizon
    starts = np.arange(0, max(len(values) - length + 1, 0), every)
    starts = starts[_within_runs(ordered, part, starts, length)]
    cells = values[starts[:, None] + np.arange(length)]
    whole = np.isfinite(cells).all(axis=(1, 2))
    starts, cells = starts[whole], cells[whole]
    if not len(starts):
        raise DataError(_no_window(lags, horizon, part, ordered))
    if part is not None:
        _warn_of_empty(frame[part], frame[part][starts], f"{lags} + {horizon} steps")
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
    made = {"past": cells[:, :lags], **levels, **ahead}
    for name in kept:
        if name in made:
            sentence = f"windows: a column of the windows is called {name!r}, too. Rename that of the table."
            raise DataError(sentence)
    return pl.DataFrame({**frame[starts + lags - 1].select(kept).to_dict(), **made})


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
        no_infinity(frame[name])
    if not series:
        raise DataError("windows: `series` names no column. Name at least one of numbers.")


def _within_runs(ordered: InOrder, part: str | None, starts: np.ndarray, length: int) -> np.ndarray:
    """Whether the first and the last row of each window are in one run of equal values."""
    runs = np.cumsum(ordered.begins)
    within: np.ndarray = runs[starts] == runs[starts + length - 1]
    if part is None:
        return within
    values = ordered.frame[part]
    parts, named = values.rle_id().to_numpy(), values.is_not_null().to_numpy()
    return within & (parts[starts] == parts[starts + length - 1]) & named[starts]


def _no_window(lags: int, horizon: int, part: str | None, ordered: InOrder) -> str:
    within = "" if part is None else f" with one value of {part!r}"
    remedy = "Lower `lags` or `horizon`."
    if part is not None and not ordered.begins.any():
        remedy += " If parts alternate from row to row, name the column of times as `time`."
    if ordered.gaps:
        within += f", without one of {ordered.gaps},"
        remedy += " Or say by `longest_step` what is one step."
    return (
        f"No window of {lags} + {horizon} steps fits in the {count(ordered.frame.height, 'row')} of the "
        f"table: none holds so many rows in a row{within} and without a missing value. {remedy}"
    )


def _warn_of_empty(parts: pl.Series, used: pl.Series, steps: str) -> None:
    """Warn of parts in which no window fits."""
    empty = parts.drop_nulls().unique(maintain_order=True)
    empty = empty.filter(~empty.is_in(used.unique().implode()))
    if len(empty):
        shown = first_and_more(map(repr, empty.to_list()))
        sentence = f"windows: no window of {steps} lies in {count(len(empty), 'part')} of {parts.name!r}: {shown}."
        warnings.warn(sentence, UserWarning, stacklevel=3)
