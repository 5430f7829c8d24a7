"""Formatting of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

__all__ = [
    "compact",
    "count",
    "decimals",
    "distinguishing_decimals",
    "duration",
    "interval",
    "number",
    "percent",
    "plain",
    "plural",
]

_MOST_DIGITS = 6

Bounds = Sequence[float] | None


def decimals(values: Iterable[float | None], intervals: Iterable[Bounds] = ()) -> int:
    """Decimals for two digits of the typical interval's width, or four of the largest value."""
    widths = [high - low for low, high in filter(None, intervals) if high > low]
    if widths:
        return _clip(1 - math.floor(math.log10(median(widths))))
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    return _clip(3 - math.floor(math.log10(largest))) if largest > 0 else 3


def distinguishing_decimals(values: Iterable[float | None]) -> int:
    """Decimals that show every difference between values, with at most six digits."""
    known = sorted({value for value in values if value is not None})
    if len(known) < 2:
        return 0
    gap = min(high - low for low, high in pairwise(known))
    largest = max(abs(known[0]), abs(known[-1]))
    most = _clip(5 - math.floor(math.log10(largest)))
    return min(_clip(-math.floor(math.log10(gap))), most)


def _clip(digits: int) -> int:
    return min(max(digits, 0), _MOST_DIGITS)


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Return `value` with `digits` decimals and a true minus sign; extreme ones as 3.1e+20."""
    sign = "+" if signed else ""
    if abs(value) >= 1e9 or (digits == _MOST_DIGITS and 0 < abs(value) < 0.5e-6):
        return f"{value:{sign}.3e}".replace("-", "−")
    text = f"{value:{sign},.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def interval(bounds: Bounds, digits: int) -> str:
    """Return `[low, high]`, or an empty text if there is none."""
    if not bounds:
        return ""
    low, high = (number(bound, digits) for bound in bounds)
    return f"[{low}, {high}]"


def percent(fraction: float, digits: int = 1, *, signed: bool = False) -> str:
    """Return a fraction in percent."""
    return f"{number(100 * fraction, digits, signed=signed)}\u00a0%"


def count(value: float) -> str:
    """Return a whole number with separators of thousands."""
    return f"{round(value):,}"


def compact(value: float) -> str:
    """Return a large number in three digits: 420 k, 1.3 M."""
    for size, unit in ((1e9, "\u00a0G"), (1e6, "\u00a0M"), (1e3, "\u00a0k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def plain(value: float) -> str:
    """Return a number of an axis with as few digits as possible, abbreviated if it is large."""
    text = compact(value) if abs(value) >= 1e5 else f"{value:,.10g}"
    return text.replace("-", "−")


def duration(seconds: float) -> str:
    """Return a time in its two largest units."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def plural(n: int, word: str) -> str:
    """Return `n` and the word, in the plural unless `n` is one."""
    return f"{count(n)} {word}" if n == 1 else f"{count(n)} {word}s"
