"""Numbers and dates that most likely stand for missing ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from polytask._listing import first_and_more
from polytask.data.cells._families import family, numbers
from polytask.data.names._note_text import quoted

__all__ = ["far_moments", "sentinel_notes"]

_FEWEST_ROWS, _FEWEST_TIMES = 20, 3
_USUAL_DAYS = {
    dt.date.fromisoformat(day)
    for day in (
        *("0001-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01"),
        *("1970-01-01", "2099-01-01", "2099-12-31", "2999-12-31", "9999-01-01", "9999-12-31"),
    )
}
"""Days that people and programs write for missing dates."""
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - what clocks show


def sentinel_notes(columns: Iterable[pl.Series]) -> tuple[str, ...]:
    """Notes on values that repeat far away from all others, such as −200 or 9999."""
    by_value: dict[str, dict[str, int]] = {}
    for series in columns:
        for value, count in _far_values(series):
            by_value.setdefault(value, {})[series.name] = count
    return tuple(
        f"{first_and_more(list(counts))}: {value} repeats far from all other values "
        f"({sum(counts.values()):,} cells); --missing {quoted(value)} if it means missing"
        for value, counts in by_value.items()
    )


def _far_values(series: pl.Series) -> Iterator[tuple[str, int]]:
    """Values far away, written so that they are these again where they are named as missing."""
    if family(series) == "numbers":
        for value, others, count in _repeated_ends(numbers(series)):
            if _may_be_missing(abs(value), others, count) and _is_far(value, others):
                yield repr(value).removesuffix(".0"), count
    elif isinstance(series.dtype, pl.Date | pl.Datetime):
        for moment, count in far_moments(series):
            yield str(moment.replace(tzinfo=None)).removesuffix(" 00:00:00"), count


def far_moments(series: pl.Series) -> Iterator[tuple[dt.datetime, int]]:
    """The first and the last of some dates with how often they occur, if they lie far away.

    Parameters
    ----------
    series : polars.Series
        Dates, with or without a time of day.

    Yields
    ------
    datetime.datetime, int
    """
    moments = series.cast(pl.Datetime("us", getattr(series.dtype, "time_zone", None)))
    wall = moments.dt.replace_time_zone(None)
    days = numbers(wall)
    for end, others, count in _repeated_ends(days):
        usual = _day(end) in _USUAL_DAYS
        if (usual or count <= len(others)) and _is_far_day(end, others, usual=usual):
            yield moments.filter(pl.Series(days == end))[0], count


def _repeated_ends(values: np.ndarray) -> list[tuple[float, np.ndarray, int]]:
    """The least and the greatest value, all others, and how often it occurs, if that is often."""
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST_ROWS:
        return []
    ends = (float(values.min()), float(values.max()))
    candidates = [(end, values[values != end], int((values == end).sum())) for end in ends]
    return [
        (end, others, count)
        for end, others, count in candidates
        if count >= _FEWEST_TIMES and len(others) >= _FEWEST_TIMES
    ]


def _is_far(end: float, others: np.ndarray) -> bool:
    """Whether a value lies far from all others: further than these do from each other.

    A negative one that is usual for missing values need not be so far from values that are not.
    """
    halves = others / 2  # the difference of two numbers could overflow
    gap, spread = float(np.abs(halves - end / 2).min()), float(np.ptp(halves))
    usual = _is_usual(abs(end))
    if usual and end < 0.0 <= others.min() and gap > spread / 20:
        return True
    enough = 2 if usual else 3
    return end != 0.0 and gap > spread and len(np.unique(others[:1000])) >= enough


def _may_be_missing(size: float, others: np.ndarray, count: int) -> bool:
    """Whether a value is no more than half of a column, or written with nines: most are not missing."""
    return count <= len(others) or (_is_usual(size) and set(str(int(size))) == {"9"})


def _day(end: float) -> dt.date:
    return (_EPOCH + dt.timedelta(days=end)).date()


def _is_far_day(end: float, others: np.ndarray, *, usual: bool) -> bool:
    """As `_is_far`, of days since 1970; one that is usual for missing dates need not be so far."""
    gap = float(np.abs(others - end).min())
    spread = float(np.ptp(others))
    enough = 2 if usual else 3
    return gap > (spread / 20 if usual else spread) and len(np.unique(others[:1000])) >= enough


def _is_usual(size: float) -> bool:
    """Whether people write such a number for missing ones: 99, 9999, 200, 1000, 32768, 1e20."""
    if size != int(size) or size < 9.0:
        return False
    figures = str(int(size))
    return set(figures) == {"9"} or figures.endswith("00") or size in {32767, 32768, 2**31 - 1}
