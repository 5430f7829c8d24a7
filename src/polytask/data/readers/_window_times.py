"""The order of a time series' rows: sorted by a column of times, or checked against one."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from polytask._listing import count
from polytask._validation import message
from polytask.data.cells import date_readings, family, no_infinity, read_by, read_times
from polytask.exceptions import DataError, ParameterError

__all__ = ["InOrder", "check_order", "in_order"]

_GAP = 1.5
"""Ratio of a gap to the usual step."""


class InOrder(NamedTuple):
    """Rows in order of time, and which of them do not follow the row before.

    Parameters
    ----------
    frame : DataFrame
    begins : array of shape (n,), bool
    gaps : str
        A clause on the steps that are too long; empty if there is none.
    """

    frame: pl.DataFrame
    begins: np.ndarray
    gaps: str = ""


def in_order(
    frame: pl.DataFrame, time: str, part: str | None, longest: float | timedelta | None
) -> InOrder:
    """Sort the rows of each part by time; leave out those without a time.

    Raises
    ------
    DataError
        If the column holds no times, or an infinite one, or two rows of a part have the same.
    """
    times = read_times(frame[time])
    if family(times) not in {"dates", "numbers"}:
        sentence = f"windows: the time column {time!r} must hold dates, times or numbers. Got {times.dtype}."
        raise DataError(sentence)
    no_infinity(times)
    parts = pl.Series([0] * len(frame)) if part is None else frame[part].rank("dense")
    first = (
        pl.DataFrame({"part": parts}).with_row_index().select(pl.col("index").min().over("part"))
    )
    order = (
        pl.DataFrame({"part": first["index"], "time": _numbers(times)})
        .with_row_index()
        .filter(times.is_not_null())
        .sort("part", "time", maintain_order=True)
    )
    same = (order["part"].diff() == 0).fill_null(value=False).to_numpy()
    rows, steps = order["index"].to_numpy(), order["time"].diff().fill_null(0).to_numpy()
    if (same & (steps == 0)).any():
        raise DataError(_twice(frame, time, part, rows, int(np.argmax(same & (steps == 0)))))
    most = _longest(times, steps[same], longest)
    far = same & (steps > most)
    begins = ~same | far
    gaps = f"{count(int(far.sum()), 'step')} of {time!r} longer than {_shown(times, most)}"
    return InOrder(frame[rows], begins, gaps if far.any() else "")


def check_order(frame: pl.DataFrame, series: Collection[str], part: str | None) -> None:
    """Hold the rows against the only column of dates, if there is one.

    Raises
    ------
    DataError
        If dates fall from one row to the next.

    Warns
    -----
    UserWarning
        If rows share a date, or a step is longer than others.
    """
    dated = [name for name in frame.columns if name not in {*series, part} and _dates(frame[name])]
    if len(dated) != 1:
        return
    (name,) = dated
    times = read_times(frame[name])
    steps = _numbers(times).diff().fill_null(np.nan).to_numpy()
    if part is not None:
        steps = np.where((frame[part] == frame[part].shift()).fill_null(value=False), steps, np.nan)
    if (steps < 0).any():
        row = int(np.argmax(steps < 0))
        sentence = (
            f"windows: column {name!r} falls from {times[row - 1]} in row {row - 1} to {times[row]} in row "
            f"{row}, so that rows are not in order of time. Name it as time={name!r}, by which they are "
            "sorted, or leave it out if it is not the time of the rows."
        )
        raise DataError(sentence)
    known = steps[np.isfinite(steps)]
    if (known == 0).any():
        row = int(np.argmax(steps == 0))
        _warn(
            f"windows: rows share a time in column {name!r}, such as rows {row - 1} and {row} with "
            f"{times[row]}. If they belong to different series, name the column that tells these apart as "
            "`part`; otherwise name the column of times as `time`."
        )
    elif len(known) and (known > _GAP * np.median(known)).any():
        far = steps > _GAP * np.median(known)
        row = int(np.argmax(far))
        _warn(
            f"windows reach over {count(int(far.sum()), 'gap')} of column {name!r}, first from "
            f"{times[row - 1]} to {times[row]}. Name it as time={name!r} to leave such windows out."
        )


def _warn(sentence: str) -> None:
    warnings.warn(sentence, UserWarning, stacklevel=4)


def _dates(series: pl.Series) -> bool:
    """Whether a column holds dates alone, also as text."""
    if family(series) != "text":
        return family(series) == "dates" and not series.null_count()
    text = series.cast(pl.String).str.strip_chars()
    reading = date_readings([text]).get(series.name)
    return bool(reading and reading.read and not read_by(text, reading.read).null_count())


def _numbers(times: pl.Series) -> pl.Series:
    """Times as numbers: microseconds (of times of day nanoseconds), or as they are."""
    if times.dtype in {pl.Date, pl.Datetime}:
        return times.cast(pl.Datetime("us")).to_physical().cast(pl.Float64)
    if times.dtype == pl.Duration:
        return times.cast(pl.Duration("us")).to_physical().cast(pl.Float64)
    return times.to_physical().cast(pl.Float64)


def _longest(times: pl.Series, steps: np.ndarray, longest: float | timedelta | None) -> float:
    """The longest difference, of times as numbers, that is one step."""
    if longest is None:
        return _GAP * float(np.median(steps)) if len(steps) else np.inf
    if isinstance(longest, timedelta) != times.dtype.is_temporal():
        expected = "a timedelta" if times.dtype.is_temporal() else "a number"
        expected = f"{expected}, as `time` is a column of {family(times)}"
        raise ParameterError(message("windows", "longest_step", expected, longest))
    if isinstance(longest, timedelta):
        return longest / timedelta(microseconds=1) * (1000 if times.dtype == pl.Time else 1)
    return float(longest)


def _shown(times: pl.Series, number: float) -> str:
    if not times.dtype.is_temporal():
        return f"{number:g}"
    return str(timedelta(microseconds=number / (1000 if times.dtype == pl.Time else 1)))


def _twice(frame: pl.DataFrame, time: str, part: str | None, rows: np.ndarray, place: int) -> str:
    one, other = rows[place - 1 : place + 1].tolist()
    where = "" if part is None else f" and {frame[part][other]!r} in column {part!r}"
    remedy = (
        "Name the column that tells series apart as `part`, or leave out one of them."
        if part is None
        else "Leave out one of them."
    )
    return f"windows: rows {one} and {other} have the same time in column {time!r}, {frame[time][other]}{where}. {remedy}"
