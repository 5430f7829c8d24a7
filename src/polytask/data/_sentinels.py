"""Numbers that most likely stand for missing ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from polytask.data._families import family, numbers
from polytask.data._notes import listed

__all__ = ["sentinel_notes"]

_FEWEST_ROWS, _FEWEST_TIMES = 20, 3


def sentinel_notes(columns: Iterable[pl.Series]) -> tuple[str, ...]:
    """Words on values that repeat far away from all others, such as −200 or 9999."""
    found: dict[float, dict[str, int]] = {}
    for series in columns:
        if family(series) == "numbers":
            for value, count in _sentinels(numbers(series)):
                found.setdefault(value, {})[series.name] = count
    return tuple(
        f"{listed(list(counts))}: {_written(value)} repeats far from all other values "
        f"({sum(counts.values()):,} cells); --missing {_written(value)} if it means missing"
        for value, counts in found.items()
    )


def _written(value: float) -> str:
    """All figures, so that it is this number again where it is named as missing."""
    return repr(value).removesuffix(".0")


def _sentinels(values: np.ndarray) -> list[tuple[float, int]]:
    """The least and the greatest value with how often they occur, if they lie far away."""
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST_ROWS:
        return []
    ends = (float(values.min()), float(values.max()))
    found = [(end, values[values != end], int((values == end).sum())) for end in ends]
    return [
        (end, count)
        for end, others, count in found
        if count >= _FEWEST_TIMES and len(others) >= _FEWEST_TIMES and _is_far(end, others)
    ]


def _is_far(end: float, others: np.ndarray) -> bool:
    """Whether a value lies far from all others: further than these do from each other.

    A negative one that is usual for missing values need not be so far from values that are not.
    """
    gap = float(np.abs(others - end).min())
    spread = float(np.ptp(others))
    usual = _is_usual(abs(end))
    if usual and end < 0.0 <= others.min() and gap > spread / 20:
        return True
    enough = 2 if usual else 3
    return end != 0.0 and gap > spread and len(np.unique(others[:1000])) >= enough


def _is_usual(size: float) -> bool:
    """Whether people write such a number for missing ones: 99, 9999, 200, 1000, 32768, 1e20."""
    if size != int(size) or size < 9.0:
        return False
    figures = str(int(size))
    return set(figures) == {"9"} or figures.endswith("00") or size in {32767, 32768, 2**31 - 1}
